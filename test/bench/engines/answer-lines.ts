import { createInterface } from 'node:readline';

/** The program's side: says that it is ready, answers each line with what `pass` resolves to, and ends with its input. */
export async function answerLines(pass: () => Promise<object>): Promise<void> {
  console.log('{}');
  for await (const _line of createInterface({ input: process.stdin })) console.log(JSON.stringify(await pass()));
}
