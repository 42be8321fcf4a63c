// A thread with a server of long lists, and the clients that ask for all of them at once: apart from the thread that
// measures what becomes of others.
import { parentPort, workerData } from 'node:worker_threads';
import { answerWith, listRequest, longList } from '../../interop/lib/big-lists.mjs';
import { RecordingUpstream } from '../../interop/lib/upstream.mjs';

const upstream = await RecordingUpstream.start({ answer: answerWith(longList(workerData.bytes)) });

/** What became of one list: its status, or `cut` where the answer broke off or is an error on a stream. */
function ask(resource, token, cursor) {
  return new Promise((resolve) => {
    const request = listRequest(resource, token, cursor);
    request.once('error', () => resolve('cut'));
    request.once('response', (response) => {
      let bytes = 0;
      response.on('data', (part) => (bytes += part.length));
      response.once('error', () => resolve('cut'));
      response.once('close', () => {
        if (!response.complete) resolve('cut');
        else resolve(response.statusCode === 200 && bytes < workerData.bytes / 2 ? 'refused' : response.statusCode);
      });
    });
  });
}

parentPort.on('message', async ({ resource, token, cursor, lists }) => {
  if (!resource) {
    await upstream.stop();
    process.exit(0);
  }
  const outcomes = await Promise.all(Array.from({ length: lists }, () => ask(resource, token, cursor)));
  const counts = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  parentPort.postMessage(counts);
});
parentPort.postMessage(upstream.url);
