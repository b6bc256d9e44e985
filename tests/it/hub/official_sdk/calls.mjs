// Makes calls with one of RudderStack's Node SDKs, as RudderStack's Action Hub makes them: a time that
// the rows have none of is that of the call. It ends once all of them are delivered.
//
//     node calls.mjs FILE      {"sdk": …, "url": …, "writeKey": …, "calls": [{"kind": …, "message": …}]}

import { readFileSync } from 'node:fs';

const { sdk, url, writeKey, calls } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { default: Analytics } = await import(sdk);
const client = new Analytics(writeKey, { dataPlaneUrl: url, flushAt: calls.length, logLevel: 'error' });

const delivered = calls.map(({ kind, message }) => new Promise((resolve, reject) => {
  const timestamp = message.timestamp ? new Date(message.timestamp) : new Date();
  client[kind]({ ...message, timestamp }, (error) => (error ? reject(error) : resolve()));
}));
await client.flush();
await Promise.all(delivered);
console.log(`delivered ${delivered.length}`);
