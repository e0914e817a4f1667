// Writes smithy.json: requests as the signer of AWS's SDK for JavaScript signs them, with example
// keys and at a fixed time.
//
//     npm install @smithy/signature-v4 && node record_smithy.mjs > smithy.json
//
// It sends nothing.

import { createHash, createHmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";

const NOW = "20260102T030405Z";
const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const TOKEN = "FwoGZXIvYXdzEXAMPLE//////////wEaDExample+token/with=odd+characters==";
const ODD = "a b+c&d=e/f?g~h'i\"j*k%l\u00e9\u1234\u{1f600}\ttab!()";

class Sha256 {
  constructor(key) {
    this.hash = key === undefined ? createHash("sha256") : createHmac("sha256", toBuffer(key));
  }
  update(data) {
    this.hash.update(toBuffer(data));
  }
  async digest() {
    return new Uint8Array(this.hash.digest());
  }
}

function toBuffer(data) {
  return typeof data === "string" ? Buffer.from(data) : Buffer.from(data.buffer ?? data, data.byteOffset, data.byteLength);
}

function encoded(text) {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => "%" + sign.charCodeAt(0).toString(16).toUpperCase());
}

function written(query) {
  return Object.entries(query)
    .flatMap(([name, value]) => [value].flat().map((one) => `${encoded(name)}=${encoded(one)}`))
    .join("&");
}

async function record({ name, service = "sqs", region = "us-east-1", token = null, expires = null, ...request }) {
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: SECRET, sessionToken: token ?? undefined };
  const signer = new SignatureV4({ credentials, region, service, sha256: Sha256 });
  const signingDate = new Date("2026-01-02T03:04:05Z");
  const { method = "POST", path = "/", query = {}, headers = {}, body = "" } = request;
  const unsigned = { method, path, query, body, protocol: "http:", hostname: "localhost", headers: { host: "localhost:4566", ...headers } };
  const signed =
    expires === null
      ? await signer.sign(unsigned, { signingDate })
      : await signer.presign(unsigned, { signingDate, expiresIn: expires });
  return {
    name, service, region, secret: SECRET, token, now: NOW, method, path,
    query: written(signed.query), body, headers: Object.entries(signed.headers),
  };
}

const json = { "content-type": "application/x-amz-json-1.0", "x-amz-target": "AmazonSQS.SendMessage", "x-amz-user-agent": "aws-sdk-js/3.0" };
const form = { "content-type": "application/x-www-form-urlencoded" };
const odd = { Action: "SendMessage", MessageBody: ODD, "a-b": "1", a: ["2", "1", ""], "\u00e9": "~" };
const recorded = await Promise.all([
  { name: "sqs json", headers: json, body: JSON.stringify({ MessageBody: ODD }) },
  { name: "sqs json, session token", headers: json, body: "{}", token: TOKEN },
  { name: "sns form", service: "sns", region: "eu-north-1", headers: form, body: `Action=Publish&Message=${encoded(ODD)}` },
  { name: "sqs get, presigned", method: "GET", path: "/000000000000/orders", query: odd, expires: 60 },
  { name: "sqs get, presigned, session token", method: "GET", query: odd, expires: 604800, token: TOKEN },
  { name: "presigned, headers in the query", method: "GET", headers: { "x-amz-meta": "a  b", "x-other": " c  d " }, expires: 60 },
  { name: "odd path", method: "GET", path: "/000000000000/a%20b/%E1%88%B4/@x/(y)/.././/z~/%2F/" },
  { name: "odd query", method: "GET", query: odd },
  { name: "odd headers", headers: { "X-Custom": "  a \t b  ", "ZZ-Empty": "", "Aa-Quoted": '"q   q"' } },
].map(record));

const lines = recorded.map(({ headers, ...fields }) => {
  const field = ([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)},\n`;
  const header = (pair) => "      " + JSON.stringify(pair);
  return `  {\n${Object.entries(fields).map(field).join("")}    "headers": [\n${headers.map(header).join(",\n")}\n    ]\n  }`;
});
console.log(`[\n${lines.join(",\n")}\n]`);
