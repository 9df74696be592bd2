// A person's browser, as far as the tests need one: cookies, redirects, and forms that are sent as
// they are. It talks with the issuer, and with the loopback listener that a redirect leads to.

import { request as plain } from 'node:http';
import { request as encrypted } from 'node:https';

const STEPS = 20;
const PATIENCE_MS = 20_000;

function send({ url, method, form, headers, ca }) {
  const call = url.protocol === 'https:' ? encrypted : plain;
  const body = form?.toString();
  const type = body !== undefined && { 'content-type': 'application/x-www-form-urlencoded' };
  return new Promise((done, failed) => {
    const options = { method, ca, agent: false, headers: { ...headers, ...type } };
    const sent = call(url, options, (reply) => {
      const parts = [];
      reply.on('data', (part) => parts.push(part));
      reply.on('error', failed);
      reply.on('end', () => done({ reply, body: Buffer.concat(parts).toString() }));
    });
    sent.setTimeout(PATIENCE_MS, () => sent.destroy(new Error('the server does not answer')));
    sent.on('error', failed);
    sent.end(body);
  });
}

// Keeps what the issuer sets. Paths are no matter: it has no two of one name.
function keep(jar, lines = []) {
  for (const line of lines) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
    if (value === '') jar.delete(name);
    else jar.set(name, value);
  }
}

const cookies = (jar) => [...jar].map(([name, value]) => `${name}=${value}`).join('; ');

const attribute = (tag, name) => new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];

// The first form of a page with all it holds; the package's pages have one, or none.
function formOf(html, base) {
  const form = /<form\b[^>]*>[\s\S]*?<\/form>/.exec(html)?.[0];
  if (form === undefined) return undefined;
  const fields = new URLSearchParams();
  for (const [tag] of form.matchAll(/<input\b[^>]*>/g)) {
    fields.append(attribute(tag, 'name'), attribute(tag, 'value') ?? '');
  }
  return { action: new URL(attribute(form, 'action'), base), fields };
}

// What comes after a reply, or nothing: the end.
function following({ reply, body }, url, own, refuse) {
  if (reply.headers.location !== undefined) {
    return { url: new URL(reply.headers.location, url), method: 'GET' };
  }
  const isOwn = url.origin === own;
  const form = isOwn && reply.statusCode === 200 ? formOf(body, url) : undefined;
  // A form that waits for a code to be typed follows a code that was wrong, or refused.
  if (form === undefined || form.fields.get('user_code') === '') return undefined;
  // The page that shows the code to a person has another button beside it.
  if (refuse && form.fields.has('confirm')) form.fields.set('abort', 'yes');
  return { url: form.action, method: 'POST', form: form.fields };
}

// Goes to `start` and on, until a page has nothing to send. Where `refuse` is true the person says no.
export async function browse(start, { own, ca, refuse = false }) {
  const jar = new Map();
  const visited = [];
  let step = { url: new URL(start), method: 'GET' };
  while (visited.length < STEPS) {
    const { url } = step;
    const isOwn = url.origin === own;
    const headers = isOwn ? { cookie: cookies(jar), ...(refuse && { 'x-person': 'refuses' }) } : {};
    const came = await send({ ...step, headers, ca });
    visited.push(`${step.method} ${url.origin}${url.pathname}`);
    if (isOwn) keep(jar, came.reply.headers['set-cookie']);
    const next = following(came, url, own, refuse);
    if (next === undefined) {
      return { url: url.href, status: came.reply.statusCode, body: came.body, visited };
    }
    step = next;
  }
  throw new Error('the browser is sent in circles');
}
