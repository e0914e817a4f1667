// Runs sqs-consumer against the server. The contract with the runner is in conformance/README.md.

import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { Consumer } from "sqs-consumer";

const WAIT_MS = 20_000;
const PREFIX = `consumer-${randomBytes(3).toString("hex")}`;
const sqs = new SQSClient({ endpoint: process.env.CONFORMANCE_ENDPOINT, maxAttempts: 1 });

const CHECKS = {
  "messages are consumed once each and deleted": consumeOneByOne,
  "messages are consumed in batches": consumeBatches,
  "a message whose handler fails comes again": redeliver,
  "messages that a batch handler leaves out come again": redeliverPartOfBatch,
  "a heartbeat keeps a slow message hidden": heartbeat,
  "a consumer stops after its last message": stopWhileHandling,
};

async function consumeOneByOne() {
  const queueUrl = await queue("single");
  const bodies = await sendMany(queueUrl, 25);
  const seen = [];
  await consuming(
    {
      queueUrl,
      batchSize: 10,
      messageAttributeNames: ["All"],
      handleMessage: async (message) => {
        expect(message.MessageAttributes.color.StringValue, "blue");
        seen.push(message.Body);
        return message;
      },
    },
    async () => {
      await until(() => seen.length >= bodies.length, "all messages are consumed");
      await until(() => isEmpty(queueUrl), "all messages are deleted");
    },
  );
  expect(seen.sort().join(), bodies.sort().join());
}

async function consumeBatches() {
  const queueUrl = await queue("batch");
  const bodies = await sendMany(queueUrl, 25);
  const seen = [];
  await consuming(
    {
      queueUrl,
      batchSize: 10,
      handleMessageBatch: async (messages) => {
        seen.push(...messages.map((message) => message.Body));
        return messages;
      },
    },
    async () => {
      await until(() => seen.length >= bodies.length, "all messages are consumed");
      await until(() => isEmpty(queueUrl), "all messages are deleted");
    },
  );
  expect(seen.sort().join(), bodies.sort().join());
}

async function redeliver() {
  const queueUrl = await queue("failing");
  const counts = [];
  const errors = [];
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: "hello" }));
  await consuming(
    {
      queueUrl,
      terminateVisibilityTimeout: true,
      messageSystemAttributeNames: ["ApproximateReceiveCount"],
      handleMessage: async (message) => {
        counts.push(message.Attributes.ApproximateReceiveCount);
        if (counts.length < 3) throw new Error("not yet");
        return message;
      },
    },
    async (consumer) => {
      consumer.on("processing_error", (error) => errors.push(error));
      await until(() => isEmpty(queueUrl), "the message is deleted");
    },
  );
  expect(counts.join(), "1,2,3");
  expect(errors.length, 2);
}

async function redeliverPartOfBatch() {
  const queueUrl = await queue("partial", { VisibilityTimeout: "2" });
  const kept = new Set(await sendMany(queueUrl, 4));
  const [late] = kept;
  let seenLate = 0;
  await consuming(
    {
      queueUrl,
      batchSize: 10,
      handleMessageBatch: async (messages) => {
        const done = messages.filter((message) => message.Body !== late || ++seenLate > 1);
        done.forEach((message) => kept.delete(message.Body));
        return done;
      },
    },
    () => until(() => kept.size === 0, "the message that was left out comes again"),
  );
  expect(seenLate, 2);
}

async function heartbeat() {
  const queueUrl = await queue("slow");
  let received = 0;
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: "hello" }));
  const handleMessage = async (message) => {
    received += 1;
    // Longer than the timeout, and not at a heartbeat: that one would race the deletion.
    await sleep(4_500);
    return message;
  };
  // Two consumers, so that one is there to take the message if it becomes visible.
  const options = { queueUrl, visibilityTimeout: 3, heartbeatInterval: 1, handleMessage };
  await consuming(options, () =>
    consuming(options, () => until(() => isEmpty(queueUrl), "the message is deleted")),
  );
  expect(received, 1);
}

async function stopWhileHandling() {
  const queueUrl = await queue("stopping");
  let began = false;
  let ended = false;
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: "hello" }));
  await consuming(
    {
      queueUrl,
      pollingCompleteWaitTimeMs: WAIT_MS,
      handleMessage: async (message) => {
        began = true;
        await sleep(1_000);
        ended = true;
        return message;
      },
    },
    () => until(() => began, "the message is received"),
  );
  expect(ended, true);
  expect(await isEmpty(queueUrl), true);
}

async function queue(name, Attributes = {}) {
  const command = new CreateQueueCommand({ QueueName: `${PREFIX}-${name}`, Attributes });
  return (await sqs.send(command)).QueueUrl;
}

async function sendMany(QueueUrl, count) {
  const bodies = Array.from({ length: count }, (_, number) => `message ${number}`);
  const MessageAttributes = { color: { DataType: "String", StringValue: "blue" } };
  for (let start = 0; start < count; start += 10) {
    const Entries = bodies
      .slice(start, start + 10)
      .map((MessageBody, index) => ({ Id: `${index}`, MessageBody, MessageAttributes }));
    const sent = await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    expect(sent.Successful?.length, Entries.length);
  }
  return bodies;
}

async function isEmpty(QueueUrl) {
  const AttributeNames = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames }),
  );
  return Object.values(Attributes).every((count) => count === "0");
}

// Runs `work` with a consumer, which is stopped before this returns.
async function consuming(options, work) {
  const consumer = Consumer.create({
    sqs,
    waitTimeSeconds: 1,
    suppressFifoWarning: true,
    ...options,
  });
  const failed = new Promise((_, reject) => {
    consumer.on("error", reject);
  });
  failed.catch(() => {});
  consumer.on("processing_error", () => {}); // an error that no one listens for would be thrown
  consumer.start();
  try {
    await Promise.race([work(consumer), failed]);
  } finally {
    const stopped = new Promise((resolve) => consumer.once("stopped", resolve));
    consumer.stop();
    await Promise.race([stopped, timeout("the consumer stops")]);
  }
}

async function until(holds, what) {
  const deadline = Date.now() + WAIT_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await sleep(100);
  }
}

async function timeout(what) {
  await sleep(WAIT_MS, undefined, { ref: false });
  throw new Error(`waited in vain until ${what}`);
}

function expect(got, expected) {
  if (got !== expected) {
    throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`);
  }
}

async function check([name, verify]) {
  try {
    await verify();
  } catch (error) {
    console.log(`not ok ${name}: ${`${error}`.replace(/\s+/g, " ")}`);
    return false;
  }
  console.log(`ok ${name}`);
  return true;
}

// Side by side: each has a queue of its own, and most wait.
const passed = await Promise.all(Object.entries(CHECKS).map(check));
process.exitCode = passed.every(Boolean) ? 0 : 1;
