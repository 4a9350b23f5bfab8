import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { PlumblineError } from '../errors.ts';

/** The machine that the local environment runs on, as far as it is asked about; passed in by the command and by tests. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home folder. */
  readonly home: string;
  readonly platform: NodeJS.Platform;
  /** As Node names it: `x64`, `arm64`. */
  readonly arch: string;
  /** The Node 24 that runs us and will run the functions. */
  readonly node: string;
  /** Root of the checkout. */
  readonly project: string;
}

/** This machine, with the environment that an entry was started with. */
export function thisHost(env: Host['env']): Host {
  return {
    env,
    home: env.HOME ?? homedir(),
    platform: process.platform,
    arch: process.arch,
    node: process.execPath,
    project: fileURLToPath(new URL('../../', import.meta.url)),
  };
}

/** Something that must be on the machine is not there: says what, which version, and how to get it. */
export class MissingRequirementError extends PlumblineError {
  constructor(message: string, options?: ErrorOptions) {
    super('MissingRequirement', message, options);
  }
}

/** The local environment could not be brought up or used; the message holds the end of the log that explains it. */
export class LocalEnvironmentError extends PlumblineError {
  constructor(message: string, options?: ErrorOptions) {
    super('LocalEnvironment', message, options);
  }
}
