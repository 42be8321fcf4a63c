// Nobody keeps others from signing in: not by keeping the gateway busy, and not by guessing at their passwords.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Gateway, password, patience } from './lib/gateway.mjs';
import { header } from './lib/http.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';
import { Visitor, guessUntilPaused, startGuessing } from './lib/visitor.mjs';
import { until } from './lib/wait.mjs';

const isDevice = ({ name }) => name === 'postern_device';

describe('denying sign-in', { timeout: 300_000 * patience }, () => {
  let upstream;
  let gateway;

  before(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start({
      name: 'sign-in-denied',
      upstream: upstream.url,
      users: ['alice', 'bob', 'carol'].map((name) => ({ name, members: ['acme:viewer'] })),
      configure: (config) => {
        config.trusted_proxies = ['127.0.0.0/8'];
      },
    });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  it('attack 3: 100 connections with unknown names keep nobody else from the page or from signing in', async () => {
    const bob = new Visitor(gateway, '198.51.100.7');
    const guessing = startGuessing(gateway, { connections: 100, addressOf: (n) => `203.0.113.${n % 250}` });
    try {
      const busy = await until('a guess to find no place', () => guessing.answers.get(503)?.answer, {
        seconds: 120 * patience,
      });
      assert.match(busy.text, /Wait a few seconds and sign in again/);
      assert.equal(header(busy, 'retry-after'), '5');
      assert.match(busy.text, /name="password"/, 'the form is there, to try again');
      for (let i = 0; i < 10; ++i) {
        assert.equal((await new Visitor(gateway, `198.51.100.${i}`).look()).status, 200, `page ${i}`);
        assert.equal((await new Visitor(gateway, '203.0.113.251').look()).status, 200, 'also next to the guesses');
      }
      for (let i = 0; i < 3; ++i) assert.equal((await bob.signIn('bob', password)).status, 303, `sign-in ${i}`);
      const known = new Visitor(gateway, '198.51.100.7');
      assert.equal((await known.signIn('bob', password)).status, 303, 'from a known network');
    } finally {
      await guessing.stop();
    }
    assert.deepEqual([...guessing.answers.keys()].sort(), [403, 503]);
  });

  it('attack 3: guesses at a name from ever new networks lock only strangers out', async () => {
    const home = new Visitor(gateway, '198.51.100.20');
    assert.equal((await home.signIn('alice', password)).status, 303);
    const cookie = home.cookies().find(isDevice);
    assert.ok('httponly' in cookie.attributes);
    assert.deepEqual([cookie.attributes.samesite, cookie.attributes['max-age']], ['Lax', '15552000']);

    await guessUntilPaused(gateway, 'alice');
    const stranger = new Visitor(gateway, '198.51.100.99');
    const paused = await stranger.signIn('alice', password);
    assert.equal(paused.status, 429);
    assert.equal(header(paused, 'retry-after'), '10');
    assert.match(paused.text, /a browser or a network in which you signed in before/);
    assert.ok(!stranger.cookies().some(isDevice));

    home.from = '2001:db8:77::1';
    assert.equal((await home.signIn('alice', password)).status, 303, 'the known browser, in a new network');
    const fresh = new Visitor(gateway, '198.51.100.20');
    assert.equal((await fresh.signIn('alice', password)).status, 303, 'a new browser, in the known network');
  });

  it('attack 3: what is known is known to its own account, and a copied cookie is good for five guesses', async () => {
    const home = new Visitor(gateway, '198.51.100.30');
    assert.equal((await home.signIn('carol', password)).status, 303);
    await guessUntilPaused(gateway, 'bob');
    home.from = '198.51.100.31';
    assert.equal((await home.signIn('bob', password)).status, 429, 'a browser that is known to carol alone');
    await guessUntilPaused(gateway, 'carol');
    const statuses = [];
    for (let i = 0; i < 6; ++i) {
      statuses.push((await home.signIn('carol', 'guess', { from: `192.0.2.${i}` })).status);
    }
    assert.deepEqual(statuses, [403, 403, 403, 403, 403, 429]);
    const owner = new Visitor(gateway, '198.51.100.30');
    assert.equal((await owner.signIn('carol', password)).status, 303, 'the owner, in the known network');
  });
});
