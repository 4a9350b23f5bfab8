import { pathToFileURL } from 'node:url';

/** Loads the bundle that its argument names, and invokes its handler with each event that its parent sends, as Lambda does. */
const { handler } = await import(pathToFileURL(process.argv[2]).href);

const INVOCATION_MS = 300_000;

process.on('message', async (event) => {
  const end = Date.now() + INVOCATION_MS;
  try {
    const result = await handler(event, { functionName: 'test', getRemainingTimeInMillis: () => end - Date.now() });
    process.send({ result: result ?? null });
  } catch (error) {
    process.send({ thrown: String(error?.message) });
  }
});
process.send('ready');
