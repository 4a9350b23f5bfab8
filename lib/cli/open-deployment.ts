import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { ulid } from 'ulidx';
import { PATIENCE } from '../aws-client.ts';
import type { Clock } from '../clock.ts';
import { createClusterConnector } from '../cluster-connector.ts';
import { createStoreClients, createStores } from '../deployment.ts';
import type { ClusterRow } from '../fleet/index.ts';
import { createEcrClients, createImageRegistry } from '../image-registry.ts';
import { createPodAuditor, recordImmutability, recordRelock, runAudit } from '../images/index.ts';
import { planCluster, pruneCluster, reconcileCluster } from '../reconcile/index.ts';
import { createRecorder, createRecordIds } from '../records/index.ts';
import { createSecretReader, createSecretsClient } from '../secrets.ts';
import { type GitHost, parseGitCredentials, type Repository } from '../source/index.ts';
import { checkCluster, checkRepository } from './checks.ts';
import { createCredentialsStore } from './credentials-store.ts';
import type { Deployment, DeploymentTarget } from './deployment.ts';
import { readDesiredState } from './desired-state.ts';
import { BusyError, NotFoundError } from './errors.ts';
import { readDeployedSettings } from './settings-of-stack.ts';

/** What this machine gives to a deployment that is opened here. */
export interface Machine {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** The folder with kubectl and helm; asked for when something has to be rendered. */
  readonly toolsDirectory: (signal: AbortSignal) => Promise<string>;
}

/** Finds a deployment on AWS by its stacks. Region, endpoints and credentials are the SDK's own, from the environment. */
export async function openDeployment(target: DeploymentTarget, machine: Machine, signal: AbortSignal): Promise<Deployment> {
  const { clock } = machine;
  const cloudFormation = new CloudFormationClient(PATIENCE);
  const region = await readRegion(cloudFormation);
  const { settings, reconcileRoleArn } = await readDeployedSettings(target, region, cloudFormation, signal);
  const stores = createStores(settings, createStoreClients(), clock);
  const secretsManager = createSecretsClient();
  const readSecret = createSecretReader(secretsManager);
  const connect = createClusterConnector(readSecret, clock);
  const credentials = createCredentialsStore(secretsManager);
  const git: GitHost = { environment: machine.environment, allowInsecure: settings.ALLOW_INSECURE_REPOSITORIES };
  const readRepository = async (row: ClusterRow, reading: AbortSignal): Promise<Repository> => {
    const { repository: url, credentialsSecret } = row;
    if (credentialsSecret === undefined) return { url, credentials: undefined };
    return { url, credentials: parseGitCredentials(credentialsSecret, await readSecret(credentialsSecret, reading)) };
  };
  // The table is what people look into afterwards; log lines and metrics are the functions', which the alarms watch.
  const recorder = createRecorder({ records: stores.records, log: () => {}, count: () => {}, clock, createIds: createRecordIds });
  const runs = { ...stores, connect, recorder, clock, random: Math.random, deployment: settings.DEPLOYMENT };
  const registry = createImageRegistry({ deployment: settings.DEPLOYMENT, readSecret }, clock);
  const desired = {
    ...stores,
    registry,
    git,
    readRepository,
    toolsDirectory: machine.toolsDirectory,
    clock,
  };
  const pods = { connect, contents: registry, store: stores.imageContents, seen: new Map(), clock };
  const audits = {
    ...stores,
    registry,
    details: registry.details,
    history: stores.tagHistory,
    auditPods: createPodAuditor(pods).all,
    recorder,
    clock,
    newRunId: () => ulid(),
  };
  const withinRun = (outer: AbortSignal) => AbortSignal.any([outer, AbortSignal.timeout(settings.CLUSTER_TIMEOUT_SECONDS * 1000)]);
  return {
    name: settings.DEPLOYMENT,
    region,
    reconcileRoleArn,
    clusters: stores.clusters,
    state: stores.state,
    records: stores.records,
    images: {
      locks: stores.locks,
      registry,
      details: registry.details,
      ecrFor: createEcrClients(settings.DEPLOYMENT, clock),
      pods,
      leases: stores.leases,
      recordImmutability: (repository, change, recording) => recordImmutability(repository, change, audits, recording),
      recordRelock: async (relock, recording) => {
        const user = await callerOf(recording);
        return await recordRelock({ ...relock, ...(user === undefined ? {} : { user }) }, audits, recording);
      },
      audit: (names, auditing) => runAudit(audits, auditing, { clusters: names }),
    },
    storeCredentials: credentials.store,
    deleteCredentials: credentials.delete,
    checkRepository: (row, checking) => checkRepository(row, git, readRepository, checking),
    checkCluster: (row, checking) => checkCluster(row, connect, checking),
    desired: (row, source, reading) => readDesiredState(row, source, desired, reading),
    async plan(row, source, planning) {
      return await planCluster(row, await readDesiredState(row, source, desired, planning), runs, withinRun(planning));
    },
    async reconcile(row, running, interrupt) {
      const { outcome, records } = await reconcileCluster(row, runs, { runId: ulid(), signal: withinRun(running), interrupt });
      if (outcome === 'skipped') throw new BusyError(row.cluster);
      return records;
    },
    async prune(row, running, interrupt) {
      const pruned = await pruneCluster(row, runs, { runId: ulid(), signal: withinRun(running), interrupt });
      if (pruned === undefined) throw new BusyError(row.cluster);
      return pruned;
    },
  };
}

/** The SDK says only that it is missing. */
async function readRegion(client: CloudFormationClient): Promise<string> {
  try {
    return await client.config.region();
  } catch (error) {
    throw new NotFoundError('region: none is set. Set AWS_REGION, a region in your AWS profile, or give --region before the command.', {
      cause: error,
    });
  }
}

/** The IAM principal that this command runs as; undefined where STS does not say, which keeps nobody from what was done already. */
async function callerOf(signal: AbortSignal): Promise<string | undefined> {
  const sts = new STSClient(PATIENCE);
  try {
    return (await sts.send(new GetCallerIdentityCommand({}), { abortSignal: signal })).Arn;
  } catch {
    signal.throwIfAborted();
    return undefined;
  } finally {
    sts.destroy();
  }
}
