// Who signs requests, and how: as the SDK does, unless a request says otherwise.

import { createHash, createHmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";

// As the SDK's signer wants it.
class Sha256 {
  constructor(secret) {
    this.hash = secret ? createHmac("sha256", secret) : createHash("sha256");
  }

  update(data) {
    this.hash.update(data);
  }

  async digest() {
    return this.hash.digest();
  }
}

// What of a client's configuration is about signing.
export function signerFor(identity) {
  const { unsigned, clock_offset = 0, signing_name } = identity;
  const credentials = credentialsOf(identity);
  if (unsigned) return { credentials, signer: { sign: async (request) => request } };
  if (!clock_offset && !signing_name) return { credentials };
  const real = signatureV4(identity);
  const signer = {
    sign: (request, options) =>
      real.sign(request, {
        ...options,
        signingDate: shifted(options.signingDate, clock_offset),
        signingService: signing_name ?? options.signingService,
      }),
  };
  return { credentials, signer };
}

// A GET that does an action of the Query protocol, for whoever has the URL.
export async function presign(request) {
  const { action, input, endpoint, service, presigned, clock_offset = 0 } = request;
  const { protocol, hostname, port } = new URL(endpoint);
  const version = { sns: "2010-03-31", sqs: "2012-11-05" }[service];
  const signed = await signatureV4(request).presign(
    {
      method: "GET",
      protocol,
      hostname,
      port,
      path: "/",
      query: { Action: action, Version: version, ...input },
      headers: { host: `${hostname}:${port}` },
    },
    { expiresIn: presigned, signingDate: shifted(new Date(), clock_offset) },
  );
  const query = Object.entries(signed.query).map((pair) => pair.map(escaped).join("="));
  return `${endpoint}/?${query.join("&")}`;
}

function signatureV4(identity) {
  const { region, service, signing_name } = identity;
  const credentials = credentialsOf(identity);
  return new SignatureV4({ credentials, region, service: signing_name ?? service, sha256: Sha256 });
}

function credentialsOf({ access_key, secret_key, session_token }) {
  return { accessKeyId: access_key, secretAccessKey: secret_key, sessionToken: session_token };
}

function shifted(date, seconds) {
  return new Date(date.getTime() + seconds * 1000);
}

function escaped(text) {
  const code = (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, code);
}
