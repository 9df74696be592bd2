// A real OAuth 2 server for the tests: the certified npm package `oidc-provider`, on 127.0.0.1, with
// TLS. What a test needs to know beyond the wire goes over this process's own stdin and stdout, so
// that no endpoint of the server is other than its package has it.
//
//   node server.js FOLDER      FOLDER has node_modules in it (scripts/install-test-tools)
//
// First line on stdin, a JSON object:
//   key, cert      PEM of the server's own certificate
//   ca             PEM: who vouches for certificates of clients
//   clients        see provider.js: how a client of each kind is declared
//   life           optional seconds: { "access": 600, "refresh": 86400 }
//   interval       optional seconds between polls that the device flow's answer names. Without it
//                  nothing is named, as the package has it, and RFC 8628 means 5
//
// First line on stdout: { "issuer": URL, "mtls": URL }. The second is the same server where it asks
// for a certificate; the metadata name it as `mtls_endpoint_aliases` (RFC 8705 section 5).
//
// Each further line on stdin is a command, each answered by a line: what it is, or { "failed": WHY }.
//   { "do": "requests" }                        every request so far, without secrets
//   { "do": "is_live", "token": T }             whether the server takes T for good
//   { "do": "take_back", "token": T }           forgets T
//   { "do": "grant", "client": C, "scope": S }  a first refresh token for C; may have a "resource"
//   { "do": "browse", "url": U, "refuse": B }   a person's browser goes to U and says yes to all, or
//                                               no; answers where it ended: url, status, body, visited
// The process ends when stdin does: a test that is killed leaves nothing behind.

import { createServer } from 'node:https';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

import { browse } from './browser.js';
import { aliases, configuration } from './provider.js';
import { granted, observe, person, polling } from './watch.js';

// The package says at each start what a production server should set. Its notices go to stdout,
// which is ours; what really fails is told below.
console.info = () => {};
console.warn = () => {};

// An import finds packages beside the file that imports, and the source tree is to have none.
const [folder] = process.argv.slice(2);
const found = createRequire(join(folder, 'package.json')).resolve('oidc-provider');
const { default: Provider, errors } = await import(pathToFileURL(found).href);

const listen = (server) =>
  new Promise((done, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => done(`https://127.0.0.1:${server.address().port}`));
  });

async function start(options) {
  const { key, cert, ca } = options;
  const plain = createServer({ key, cert });
  // A self-signed certificate of a client is vouched for by nobody, and yet has to come through:
  // the provider compares it.
  const mutual = createServer({ key, cert, ca, requestCert: true, rejectUnauthorized: false });
  const issuer = await listen(plain);
  const mtls = await listen(mutual);
  const provider = new Provider(issuer, configuration(options, aliases(mtls), errors));
  // Looked up once now: what is wrong with a client is else only found when it comes.
  for (const { client_id: id } of options.clients) await provider.Client.find(id);
  provider.on('server_error', (_ctx, error) => console.error(error));
  const requests = [];
  provider.use(observe(requests));
  provider.use(polling(options.interval));
  provider.use(person(provider));
  const handler = provider.callback();
  plain.on('request', handler);
  mutual.on('request', handler);
  return { issuer, mtls, provider, requests, ca };
}

async function isLive({ provider }, token) {
  const kinds = [provider.AccessToken, provider.ClientCredentials, provider.RefreshToken];
  const known = await Promise.all(kinds.map((kind) => kind.find(token)));
  return known.some((one) => one !== undefined && one.isValid);
}

async function takeBack({ provider }, token) {
  const kinds = [provider.AccessToken, provider.ClientCredentials, provider.RefreshToken];
  const known = await Promise.all(kinds.map((kind) => kind.find(token)));
  await Promise.all(known.map((one) => one?.destroy()));
}

async function obey(command, running) {
  switch (command.do) {
    case 'requests':
      return { requests: running.requests };
    case 'is_live':
      return { live: await isLive(running, command.token) };
    case 'take_back':
      await takeBack(running, command.token);
      return { taken: true };
    case 'grant':
      return { refresh_token: await granted(running.provider, command) };
    case 'browse':
      return browse(command.url, { own: running.issuer, ca: running.ca, refuse: command.refuse });
    default:
      throw new Error('no such command');
  }
}

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

// By hand: an iterator over lines loses those that come while nobody waits for one.
let running;
let turn = Promise.resolve();
createInterface({ input: process.stdin })
  .on('line', (line) => {
    turn = turn.then(async () => {
      if (running === undefined) {
        running = await start(JSON.parse(line));
        say({ issuer: running.issuer, mtls: running.mtls });
      } else {
        say(await obey(JSON.parse(line), running).catch(({ message }) => ({ failed: message })));
      }
    });
  })
  .on('close', () => process.exit(0));
