import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { cacheDirectory } from './cache.ts';
import { type Host, LocalEnvironmentError } from './host.ts';
import { ProcessIdentity } from './process-identity.ts';

const LocalCluster = z.object({
  /** As the user named it. */
  name: z.string(),
  /** Its name in `DescribeCluster`. */
  eksName: z.string(),
  access: z.enum(['enforce', 'observe']),
  /** How many nodes are played; without any, pods never come up. */
  nodes: z.int().exactOptional(),
  endpoint: z.url(),
  /** Base64 of the PEM certificate. */
  certificateAuthority: z.string(),
  /** An administrator's kubeconfig (a path), and its context. */
  kubeconfig: z.string(),
  context: z.string(),
  /** The role through which Plumbline reaches it. */
  roleArn: z.string(),
  externalId: z.string(),
  /** Where its API server has tokens reviewed: tests ask it for the reason of a refusal. */
  tokenReviewUrl: z.url(),
});

const LocalEnvironmentShape = z.object({
  name: z.string(),
  /** Everything of this environment is in this folder, and goes with it. */
  directory: z.string(),
  region: z.string(),
  accountId: z.string(),
  /** The `AWS_*` variables with which a child process, the CDK command or an SDK reaches it. */
  aws: z.record(z.string(), z.string()),
  clusters: z.array(LocalCluster),
  /** Holds `kubectl/kubectl` and `helm/helm`. */
  toolsDirectory: z.string(),
});

const State = z.object({
  /** The process that started and watches the others; it leads their process group. */
  supervisor: ProcessIdentity,
  processes: z.array(ProcessIdentity),
  /** Missing while it starts. */
  environment: LocalEnvironmentShape.optional(),
  /** Why it ended by itself, if it did. */
  crashed: z.string().optional(),
});

export type LocalCluster = Readonly<z.infer<typeof LocalCluster>>;
export type EnvironmentDescription = Readonly<z.infer<typeof LocalEnvironmentShape>>;
export type EnvironmentState = Readonly<z.infer<typeof State>>;

const NAME = /^[a-z][a-z0-9-]{0,39}$/;

/** Folder of the environment with that name. Throws `LocalEnvironmentError` for a name that is not one. */
export function environmentDirectory(name: string, host: Host): string {
  if (!NAME.test(name))
    throw new LocalEnvironmentError(
      `local environment ${JSON.stringify(name)}: a name has lower-case letters, digits and hyphens, begins with a letter, and has at most 40 characters`,
    );
  return join(cacheDirectory(host), 'environments', name);
}

/** Reads the state of an environment; `undefined` when there is none. */
export async function readState(directory: string): Promise<EnvironmentState | undefined> {
  let text: string;
  try {
    text = await readFile(join(directory, 'state.json'), 'utf8');
  } catch {
    return undefined;
  }
  const parsed = State.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : undefined;
}

/** Writes it whole or not at all; only the user may read it, since the kubeconfigs' folder and the external ids are in it. */
export async function writeState(directory: string, state: EnvironmentState): Promise<void> {
  const path = join(directory, 'state.json');
  await writeFile(`${path}.new`, JSON.stringify(state, undefined, 2), { mode: 0o600 });
  await rename(`${path}.new`, path);
}
