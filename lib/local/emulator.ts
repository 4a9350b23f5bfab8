import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Children } from './children.ts';

/** Files beside this module: the pinned packages and the start-up script. */
export const emulatorRequirements = fileURLToPath(new URL('./emulator/requirements.txt', import.meta.url));
const emulatorMain = fileURLToPath(new URL('./emulator/main.py', import.meta.url));

/** The account of everything local. */
export const LOCAL_ACCOUNT = '000000000000';
export const LOCAL_REGION = 'eu-central-1';

/** The keys of the account's root: allowed everything and not verified, as only this user can reach the emulator's port. */
export const LOCAL_ROOT_KEYS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' } as const;

export interface EmulatorSettings {
  readonly python: string;
  readonly node: string;
  readonly directory: string;
  readonly port: number;
  /** Where functions reach the EKS API. */
  readonly eksEndpoint: string;
  /** The user's PATH: functions find git on it. */
  readonly path: string;
}

/**
 * Starts MiniStack: it answers the AWS API with IAM enforced (signatures, role policies, trust policies) and runs functions as
 * processes of our Node. Functions inherit this environment and nothing else of the user's.
 */
export async function startEmulator(children: Children, settings: EmulatorSettings): Promise<void> {
  const temporary = join(settings.directory, 'tmp');
  const home = join(settings.directory, 'home');
  for (const folder of [temporary, home]) mkdirSync(folder, { recursive: true });
  const endpoint = `http://127.0.0.1:${settings.port}`;
  children.start(
    'emulator',
    settings.python,
    ['-I', emulatorMain],
    {
      PATH: `${dirname(settings.node)}:${settings.path}`,
      HOME: home,
      TMPDIR: temporary,
      LANG: 'C.UTF-8',
      AUTH: 'true',
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(settings.port),
      MINISTACK_ACCOUNT_ID: LOCAL_ACCOUNT,
      MINISTACK_REGION: LOCAL_REGION,
      ...LOCAL_ROOT_KEYS,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_ENDPOINT_URL_EKS: settings.eksEndpoint,
      AWS_EC2_METADATA_DISABLED: 'true',
      STATE_DIR: join(settings.directory, 'emulator'),
      S3_DATA_DIR: join(settings.directory, 'emulator', 's3'),
      // With Docker on the machine functions and clusters would be containers; here they are processes.
      LAMBDA_EXECUTOR: 'local',
      DOCKER_HOST: 'unix:///nonexistent/docker.sock',
    },
    settings.directory,
  );
  await children.ready('emulator', 60, async () => (await fetch(`${endpoint}/_ministack/health`)).ok);
}
