// Checks messages with the two validators that Node programs use. Reads from standard input
//
//   {"validator": "…", "host": "localhost:8443", "ca": "PEM", "messages": ["JSON text", …]}
//
// and prints a list with an empty text for each message that is accepted and the reason for each
// other.

import https from "node:https";
import { text } from "node:stream/consumers";
import tls from "node:tls";
import SnsPayloadValidator from "sns-payload-validator";
import SnsValidator from "sns-validator";

const { validator, host, ca, messages } = JSON.parse(await text(process.stdin));

const VALIDATORS = {
  // Takes the pattern of hosts that may have the certificate. It fetches that through the global
  // agent, which trusts NODE_EXTRA_CA_CERTS.
  "sns-validator": () => {
    const hosts = new RegExp(`^${host.replaceAll(".", "\\.")}$`);
    const known = new SnsValidator(hosts);
    return (message) =>
      new Promise((resolve, reject) => {
        known.validate(message, (error) => (error ? reject(error) : resolve()));
      });
  },
  // Insists on a host of Amazon's, but takes the agent that connects: this one connects to ours.
  // SigningCertURL is not among what is signed, so that it may be rewritten.
  "sns-payload-validator": () => {
    const known = new SnsPayloadValidator({ requestAgent: new OurAgent() });
    return async (message) => {
      const parsed = JSON.parse(message);
      const certificate = new URL(parsed.SigningCertURL);
      if (certificate.host !== host) throw new Error(`a certificate from ${certificate.host}`);
      const SigningCertURL = `https://sns.us-east-1.amazonaws.com${certificate.pathname}`;
      await known.validate({ ...parsed, SigningCertURL });
    };
  },
};

class OurAgent extends https.Agent {
  createConnection(options, connected) {
    const [hostname, port] = host.split(":");
    return tls.connect({ ...options, host: hostname, port, servername: hostname, ca }, connected);
  }
}

const validate = VALIDATORS[validator]();
const outcomes = [];
for (const message of messages) {
  outcomes.push(
    await validate(message).then(
      () => "",
      (error) => `${error}`,
    ),
  );
}
console.log(JSON.stringify(outcomes));
