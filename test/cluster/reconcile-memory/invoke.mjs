import { pathToFileURL } from 'node:url';

/**
 * A process that does what Lambda does: loads the bundle that its argument names, and invokes its handler with each event that its parent sends.
 * It answers with the handler's result and the most memory, in bytes, that this process ever had resident. Not TypeScript, since stripping types
 * takes memory too.
 */
const { handler } = await import(pathToFileURL(process.argv[2]).href);

const INVOCATION_MS = 300_000;

process.on('message', async (event) => {
  const end = Date.now() + INVOCATION_MS;
  const result = await handler(event, { functionName: 'reconcile', getRemainingTimeInMillis: () => end - Date.now() });
  process.send({ result, maximumBytes: process.resourceUsage().maxRSS * 1024 });
});
process.send('ready');
