// Stands in for a desktop's browser: signs in and consents, then calls the application back. The application may not
// listen yet when it opens the browser, so a refused connection is tried again, within bounds.
import { UserAgent } from './browserless.mjs';
import { send } from './http.mjs';
import { until } from './wait.mjs';

const { POSTERN_TEST_USER: username, POSTERN_TEST_PASSWORD: password } = process.env;
const end = await new UserAgent().authorize(process.argv[2], { username, password });
if (!end.redirect) {
  console.error(`ended on a page (${end.status})`);
  process.exit(1);
}
const callback = new URL(end.redirect);
if (callback.hostname === 'localhost') callback.hostname = '127.0.0.1';
await until(`an answer at ${callback.origin}`, async () => (await send(callback, { seconds: 5 })).status > 0, {
  seconds: 30,
  every: 100,
});
