// A driver for the AWS SDK for JavaScript v3: one JSON request a line in, one JSON answer a line
// out. The contract is in conformance/README.md.

import { createInterface } from "node:readline";
import * as lambda from "@aws-sdk/client-lambda";
import * as sns from "@aws-sdk/client-sns";
import * as sqs from "@aws-sdk/client-sqs";
import { presign, signerFor } from "./signing.js";

const SERVICES = {
  lambda: {
    sdk: lambda,
    Client: lambda.LambdaClient,
    ServiceException: lambda.LambdaServiceException,
  },
  sns: { sdk: sns, Client: sns.SNSClient, ServiceException: sns.SNSServiceException },
  sqs: { sdk: sqs, Client: sqs.SQSClient, ServiceException: sqs.SQSServiceException },
};

const clients = new Map();

// One client per service, endpoint, region and identity, as a program would keep.
function clientFor({ id, action, input, ...identity }) {
  const key = JSON.stringify(identity);
  if (!clients.has(key)) {
    const { service, endpoint, region } = identity;
    const { Client } = SERVICES[service];
    clients.set(key, new Client({ endpoint, region, maxAttempts: 1, ...signerFor(identity) }));
  }
  return clients.get(key);
}

async function perform(request) {
  const { sdk, ServiceException } = SERVICES[request.service];
  const Command = sdk[`${request.action}Command`];
  if (!Command) {
    return { unsendable: `the SDK has no ${request.action}Command` };
  }
  if ("presigned" in request) {
    return { output: { url: await presign(request) } };
  }
  try {
    const output = await clientFor(request).send(new Command(fromJson(request.input)));
    delete output.$metadata;
    return { output: toJson(output) };
  } catch (error) {
    const answered = error instanceof ServiceException && error.$response;
    return answered ? { error: describe(error, ServiceException) } : { failure: `${error}` };
  }
}

function describe(error, ServiceException) {
  // `name` is the class for errors of the model and the code for all others. `Code` and `Type` are
  // those of the Query protocol, which SQS has in its x-amzn-query-error.
  const modelled = Object.getPrototypeOf(error) !== ServiceException.prototype;
  return {
    code: error.Code ?? error.name,
    ...(modelled && { name: error.name }),
    status: error.$metadata.httpStatusCode,
    message: error.message,
    fault: error.Type,
  };
}

function fromJson(value) {
  if (Array.isArray(value)) return value.map(fromJson);
  if (value === null || typeof value !== "object") return value;
  const keys = Object.keys(value);
  if (keys.length === 1 && keys[0] === "base64") {
    return new Uint8Array(Buffer.from(value.base64, "base64"));
  }
  return Object.fromEntries(keys.map((key) => [key, fromJson(value[key])]));
}

function toJson(value) {
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString("base64") };
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(toJson);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toJson(member)]));
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  // Not awaited: a long poll must not hold up the send that wakes it.
  perform(request).then((answer) =>
    process.stdout.write(`${JSON.stringify({ id: request.id, ...answer })}\n`),
  );
}
