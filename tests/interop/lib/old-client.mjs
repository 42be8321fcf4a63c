// The event stream of a client of 2024-11-05, without a library.
import { openStream } from './stream.mjs';
import { until } from './wait.mjs';

const events = (text) =>
  text
    .split('\n\n')
    .slice(0, -1)
    .map((event) => ({ name: /^event: (.*)$/m.exec(event)?.[1], data: /^data: (.*)$/m.exec(event)?.[1] }));

/** A stream of stream.mjs, with the `endpoint` it begins with and `answer(id)`: the message that answers a request. */
export async function openOldStream(url, token) {
  const stream = await openStream(url, { token });
  if (stream.status !== 200) throw new Error(`the stream began with ${stream.status}`);
  const [first] = await until('the first event', () => events(stream.text).length > 0 && events(stream.text));
  if (first.name !== 'endpoint') throw new Error(`the stream begins with ${stream.text}`);
  stream.endpoint = first.data;
  stream.answer = (id) =>
    until(`the answer to ${id}`, () =>
      events(stream.text)
        .filter(({ name, data }) => name === 'message' && data)
        .map(({ data }) => JSON.parse(data))
        .find((message) => message.id === id),
    );
  return stream;
}
