// The walk of docs/oauth.md, whose examples lie beside this file when it runs; each step is a line of JSON.
import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { end, server, tokenFor } from './client.mjs';
import { ask } from './asking.mjs';
import { verify } from './verifying.mjs';

const { AUDIENCE, CERTIFICATE, OTHER_CERTIFICATE } = process.env;
const mine = new X509Certificate(readFileSync(CERTIFICATE));
const other = new X509Certificate(readFileSync(OTHER_CERTIFICATE));

async function step(name, work) {
  try {
    console.log(JSON.stringify({ step: name, result: await work() ?? null }));
  } catch (e) {
    console.log(JSON.stringify({ step: name, error: e.error ?? e.message, status: e.status, cause: String(e.cause?.code ?? '') }));
  }
}

let token;
await step('discovered', () => server);
await step('granted', async () => {
  const granted = await tokenFor(AUDIENCE);
  token = granted.access_token;
  return { ...granted, access_token: undefined };
});
await step('refused target', () => tokenFor('https://not.yours.example'));
await step('introspected', () => ask(token, mine));
await step('introspected with another certificate', () => ask(token, other));
await step('verified', () => verify(token, mine));
await step('verified with another certificate', () => verify(token, other));
await step('ended', () => end(token));
await step('ended again', () => end(token));
await step('introspected after its end', () => ask(token, mine));
// The list that was just verified may be reused for some seconds.
let after;
for (let i = 0; i < 60 && !after; i++) {
  await verify(token, mine).then(
    () => new Promise(resolve => setTimeout(resolve, 500)),
    e => { after = e.message; });
}
console.log(JSON.stringify({ step: 'verified after its end', error: after ?? 'still believed' }));
process.exit(0);
