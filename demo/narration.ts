import picocolors from 'picocolors';

/** Tells on standard output what the demo does, and keeps count of the time that it only waited. */
export interface Narration {
  step(title: string, explanation?: string): void;
  say(line: string): void;
  /** Shows a command as a person would type it. */
  command(line: string): void;
  /** Polls once a second until `look` returns something; says what is waited for, and fails with that when `limitSeconds` are over. */
  waitFor<T>(what: string, limitSeconds: number, look: () => Promise<T | undefined>): Promise<T>;
  close(): void;
}

export class WaitedTooLongError extends Error {
  override readonly name = 'WaitedTooLongError';
}

export function createNarration(signal: AbortSignal): Narration {
  const started = Date.now();
  let waitedMs = 0;
  let number = 0;
  const secondsSince = (then: number) => Math.round((Date.now() - then) / 1000);

  return {
    step(title, explanation) {
      number += 1;
      console.log(`\n${picocolors.bold(`${number}. ${title}`)} ${picocolors.dim(`(${secondsSince(started)} s)`)}`);
      if (explanation !== undefined) console.log(picocolors.dim(`   ${explanation}`));
    },
    say(line) {
      console.log(line === '' ? '' : `   ${line}`);
    },
    command(line) {
      console.log(`   ${picocolors.cyan(`$ ${line}`)}`);
    },
    async waitFor(what, limitSeconds, look) {
      const began = Date.now();
      console.log(picocolors.dim(`   waiting for ${what} …`));
      for (;;) {
        signal.throwIfAborted();
        const found = await look();
        if (found !== undefined) {
          waitedMs += Date.now() - began;
          console.log(`   ${picocolors.green('✓')} ${what} ${picocolors.dim(`(${secondsSince(began)} s)`)}`);
          return found;
        }
        if (secondsSince(began) >= limitSeconds) throw new WaitedTooLongError(`demo: ${what}: not seen within ${limitSeconds} s`);
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    },
    close() {
      console.log(
        `\n${picocolors.bold('Done')} in ${secondsSince(started)} s, of which ${Math.round(waitedMs / 1000)} s were waiting for the schedule.`,
      );
    },
  };
}
