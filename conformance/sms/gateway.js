// An SMPP gateway: what a mobile network has, made of node-smpp. It prints what happens to it and
// takes orders, both in lines of JSON, and ends when its standard input does.
//
//   node gateway.js '{"port": 0, "password": "secret", "certificate": FILE, "key": FILE}'
//
// Orders:
//   {"script": [...]}     what the next messages get, one each: a command_status, "silent", "close"
//                         (the connection, before the answer), "late" (an answer when told to), or
//                         "ok"; all others get "ok"
//   {"answer": true}      the late answers are sent now
//   {"receipt": ID}       a receipt for the message of this id, delivered
//   {"says": TEXT, "from": NUMBER}    somebody sends a message

import fs from 'node:fs'
import readline from 'node:readline'
import smpp from 'smpp'

const options = JSON.parse(process.argv[2])
const print = (event) => process.stdout.write(`${JSON.stringify(event)}\n`)

let script = []
let late = []
let current = null
// Ids go on after a restart, as those of a real gateway do.
let lastId = options.lastId ?? 0

function onSession(session) {
  session.on('error', () => {})
  session.on('close', () => print({ closed: true }))
  session.on('enquire_link', (pdu) => {
    print({ enquired: true })
    session.send(pdu.response())
  })
  session.on('unbind', (pdu) => {
    print({ unbound: true })
    session.send(pdu.response())
    session.close()
  })
  session.on('bind_transceiver', (pdu) => {
    const isKnown = pdu.password === options.password
    const status = isKnown ? 0 : smpp.ESME_RINVPASWD
    session.send(pdu.response({ command_status: status, system_id: 'gateway' }))
    print({ bound: isKnown, system_id: pdu.system_id, version: pdu.interface_version })
    if (isKnown) current = session
    else session.close()
  })
  session.on('submit_sm', (pdu) => onMessage(session, pdu))
}

function onMessage(session, pdu) {
  const action = script.shift() ?? 'ok'
  const id = String(++lastId)
  const { message, udh } = pdu.short_message
  print({
    submitted: message,
    id,
    udh: udh ? udh[0].toString('hex') : null,
    action,
    from: pdu.source_addr,
    from_ton: pdu.source_addr_ton,
    to: pdu.destination_addr,
    to_ton: pdu.dest_addr_ton,
    to_npi: pdu.dest_addr_npi,
    coding: pdu.data_coding,
    priority: pdu.priority_flag,
    receipt: pdu.registered_delivery,
    validity: pdu.validity_period,
  })
  const answer = () => session.send(pdu.response({ message_id: id }))
  if (action === 'ok') answer()
  else if (action === 'late') late.push(answer)
  else if (action === 'close') session.destroy()
  else if (action !== 'silent') session.send(pdu.response({ command_status: action }))
}

function tell(fields) {
  current.deliver_sm(
    { source_addr_ton: 1, source_addr_npi: 1, destination_addr: '72000', ...fields },
    (answer) => print({ answered: answer.command_status }),
  )
}

function onOrder(order) {
  if (order.script) script = order.script
  if (order.answer) late.splice(0).forEach((answer) => answer())
  if (order.says) tell({ source_addr: order.from, short_message: order.says })
  if (order.receipt) {
    const text =
      `id:${order.receipt} sub:001 dlvrd:001 submit date:2611231200 done date:2611231201 ` +
      'stat:DELIVRD err:000 text:'
    tell({ source_addr: '491701234567', esm_class: smpp.ESM_CLASS.MC_DELIVERY_RECEIPT, short_message: text })
  }
  print({ done: true })
}

const tls = options.certificate
  ? { cert: fs.readFileSync(options.certificate), key: fs.readFileSync(options.key) }
  : {}
const server = smpp.createServer(tls, onSession)
server.on('error', (error) => {
  print({ error: String(error) })
  process.exit(1)
})
server.listen(options.port, '127.0.0.1', () => print({ listening: server.address().port }))
readline
  .createInterface({ input: process.stdin })
  .on('line', (line) => onOrder(JSON.parse(line)))
  .on('close', () => process.exit(0))
