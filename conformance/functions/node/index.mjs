// The handler that conformance/functions/README.md describes, for aws-lambda-ric.

import { spawn } from "node:child_process";

const actions = {
  echo: (event) => event,
  about: (_event, context) => ({
    requestId: context.awsRequestId,
    arn: context.invokedFunctionArn,
    name: context.functionName,
    version: context.functionVersion,
    remainingMs: context.getRemainingTimeInMillis(),
    pid: process.pid,
  }),
  fail: () => {
    throw new Error("no such room");
  },
  crash: () => process.exit(1),
  hang: () => new Promise((done) => setTimeout(done, 600_000)),
  child: () => spawn("sleep", ["600"], { stdio: "ignore" }).pid,
  print: () => {
    for (;;) {
      console.log("noise");
    }
  },
  large: () => "x".repeat(7 * 1024 * 1024),
  batch: (event) => ({
    batchItemFailures: event.Records.filter((record) => record.body === "fail").map((record) => ({
      itemIdentifier: record.messageId,
    })),
  }),
};

export const handler = async (event, context) =>
  actions[event.do ?? process.env.DO](event, context);
