import { Aws, CfnOutput, Duration, Size, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnPullTimeUpdateExclusion } from 'aws-cdk-lib/aws-ecr';
import type { Construct } from 'constructs';
import { ExecAudit } from './constructs/exec-audit.ts';
import { ImageEvents } from './constructs/image-events.ts';
import { MinuteSchedule } from './constructs/minute-schedule.ts';
import {
  assumeRegistryRoles,
  assumeRoles,
  describeClusters,
  previewLifecycles,
  putIntoTable,
  readImageConfigs,
  readImageDetails,
  readImages,
  readObjects,
  readRegistryRules,
  readSecrets,
  readTable,
  receiveFrom,
  seal,
  sendTo,
  unseal,
  updateTable,
  writeObjects,
  writeTable,
} from './constructs/permissions.ts';
import { PlumblineFunction } from './constructs/plumbline-function.ts';
import { sourcePackaging } from './constructs/source-packaging.ts';
import { WorkQueue } from './constructs/work-queue.ts';
import { AUDIT_ROLE_SUFFIX, type DeploymentContext } from './context.ts';
import type { DataStack } from './data-stack.ts';

export interface ControlStackProps extends StackProps {
  readonly context: DeploymentContext;
  readonly data: DataStack;
}

/** One repository, or one cluster. */
const WORK_TIMEOUT = Duration.minutes(5);
/** What a run has of that; the rest is for recording what came of it. */
const CLUSTER_TIMEOUT = Duration.minutes(4);
/** A tick is over when the next one comes. */
const TICK_TIMEOUT = Duration.minutes(1);
const RECORD_INDEXES = ['byStatus', 'byObject'];

/** What computes: the ticks, the queues and the functions. It holds nothing that cannot be deployed again. */
export class ControlStack extends Stack {
  readonly sources: WorkQueue;
  readonly clusters: WorkQueue;
  readonly schedule: PlumblineFunction;
  readonly source: PlumblineFunction;
  readonly reconcile: PlumblineFunction;
  readonly audit: PlumblineFunction;

  constructor(scope: Construct, id: string, { context, data, ...props }: ControlStackProps) {
    super(scope, id, { description: 'Plumbline: ticks, queues and functions', ...props });
    const { deployment, local } = context;
    this.sources = new WorkQueue(this, 'Sources', { queueName: `${deployment}-sources`, timeout: WORK_TIMEOUT });
    this.clusters = new WorkQueue(this, 'Clusters', { queueName: `${deployment}-clusters`, timeout: WORK_TIMEOUT });

    // What the command needs too stands in the outputs of this stack.
    const shared = {
      DEPLOYMENT: deployment,
      CLUSTERS_TABLE: data.clusters.tableName,
      STATE_TABLE: data.state.tableName,
      RECORDS_TABLE: data.records.tableName,
      ARTIFACT_BUCKET: data.artifacts.bucketName,
      ARTIFACT_KEY: data.artifactKey.keyArn,
      DIGEST_KEY: data.digestKey.keyArn,
      SOURCE_QUEUE_URL: this.sources.queue.queueUrl,
      CLUSTER_QUEUE_URL: this.clusters.queue.queueUrl,
      ALLOW_INSECURE_REPOSITORIES: String(local),
    };
    const settings = {
      ...shared,
      TOOLS_DIRECTORY: context.toolsDirectory,
      CLUSTER_TIMEOUT_SECONDS: String(CLUSTER_TIMEOUT.toSeconds()),
    };
    const common = { deployment, settings, local };
    const { registryRoleArns, registryExternalId } = context;
    const memberRoleArns = context.memberRoleArns ?? [`arn:${Aws.PARTITION}:iam::*:role/${deployment}-*`];
    // Locally a cluster has one role.
    const auditRoleSuffix = context.auditRoleSuffix ?? (local ? '' : AUDIT_ROLE_SUFFIX);
    const registrySettings = {
      ...settings,
      ...(registryRoleArns === undefined ? {} : { REGISTRY_ROLES: registryRoleArns.join(',') }),
      ...(registryExternalId === undefined ? {} : { REGISTRY_EXTERNAL_ID: registryExternalId }),
    };

    const readFleet = [readTable(data.clusters), readTable(data.state)];
    const readArtifacts = [...readObjects(data.artifactBucketArn), ...unseal(data.artifactKey, data.digestKey)];
    const writeArtifacts = [writeObjects(data.artifactBucketArn), ...seal(data.artifactKey, data.digestKey)];
    const keepRecords = [readTable(data.records, RECORD_INDEXES), writeTable(data.records)];

    this.schedule = new PlumblineFunction(this, 'Schedule', {
      ...common,
      name: 'schedule',
      description: 'asks for the work that is due, and measures the fleet',
      packaging: { type: 'zip' },
      timeout: TICK_TIMEOUT,
      // It writes and records the status of rows that no run will report on.
      permissions: [
        ...readFleet,
        updateTable(data.state),
        putIntoTable(data.records),
        sendTo([this.sources.queue, this.clusters.queue], context),
      ],
    });
    this.source = new PlumblineFunction(this, 'Source', {
      ...common,
      settings: registrySettings,
      name: 'source',
      description: 'fetches a repository, renders it, locks its images and publishes artifacts',
      packaging: sourcePackaging(this, context),
      timeout: WORK_TIMEOUT,
      ephemeralStorageSize: Size.gibibytes(2),
      permissions: [
        receiveFrom(this.sources.queue),
        ...readFleet,
        writeTable(data.state),
        putIntoTable(data.records),
        ...readArtifacts,
        ...writeArtifacts,
        readImages(context),
        readImageConfigs(context),
        readImageDetails(context),
        readRegistryRules(),
        ...assumeRegistryRoles(registryRoleArns),
        readSecrets(this, deployment),
        sendTo([this.clusters.queue], context),
      ],
    });
    this.reconcile = new PlumblineFunction(this, 'Reconcile', {
      ...common,
      name: 'reconcile',
      description: 'keeps one cluster equal to its artifact, and records what it found',
      packaging: { type: 'zip' },
      timeout: WORK_TIMEOUT,
      permissions: [
        receiveFrom(this.clusters.queue),
        ...readFleet,
        writeTable(data.state),
        ...keepRecords,
        ...readArtifacts,
        ...writeArtifacts,
        describeClusters(this),
        assumeRoles(memberRoleArns),
        readSecrets(this, deployment),
        // A run that finds its cluster busy asks to be run again, and one that finds it upgraded for its chart to be rendered again.
        sendTo([this.sources.queue, this.clusters.queue], context),
      ],
    });
    this.audit = new PlumblineFunction(this, 'Audit', {
      ...common,
      settings: { ...registrySettings, AUDIT_ROLE_SUFFIX: auditRoleSuffix },
      name: 'audit',
      description: 'compares registries and pods with the images that are in use',
      packaging: { type: 'zip' },
      timeout: TICK_TIMEOUT,
      // What an audit log says is said once.
      ...(context.execAuditClusters === undefined ? {} : { retryAttempts: 2 }),
      permissions: [
        ...readFleet,
        writeTable(data.state),
        ...keepRecords,
        ...readArtifacts,
        readImages(context),
        readImageConfigs(context),
        readImageDetails(context),
        previewLifecycles(context),
        readRegistryRules(),
        ...assumeRegistryRoles(registryRoleArns),
        readSecrets(this, deployment),
        describeClusters(this),
        assumeRoles(memberRoleArns.map((arn) => `${arn}${auditRoleSuffix}`)),
      ],
    });

    takeWork(this.sources, this.source);
    takeWork(this.clusters, this.reconcile, context.reconcileConcurrency);
    new MinuteSchedule(this, 'ScheduleTick', { name: `${deployment}-schedule`, target: this.schedule.function });
    new MinuteSchedule(this, 'AuditTick', { name: `${deployment}-audit`, target: this.audit.function });

    // Lifecycle policies delete what nobody pulls: that we look at an image may not keep it. The emulator does not know these.
    if (!local) {
      for (const { node, role } of [this.source, this.audit]) {
        new CfnPullTimeUpdateExclusion(this, `${node.id}PullTimeUpdateExclusion`, { principalArn: role.roleArn });
      }
    }
    new ImageEvents(this, 'ImageEvents', { name: `${deployment}-images`, target: this.audit.function });
    const { execAuditClusters: eksNames } = context;
    if (eksNames !== undefined) new ExecAudit(this, 'ExecAudit', { name: `${deployment}-exec`, eksNames, target: this.audit.function });

    for (const [setting, value] of Object.entries(shared)) new CfnOutput(this, outputOf(setting), { value });
    // Clusters' roles trust these roles, and EKS access entries name them; the second one only reads.
    new CfnOutput(this, 'ReconcileRoleArn', { value: this.reconcile.role.roleArn });
    new CfnOutput(this, 'AuditRoleArn', { value: this.audit.role.roleArn });
  }
}

/** One message an invocation: what one repository or cluster does to the process touches no other. */
function takeWork(from: WorkQueue, by: PlumblineFunction, maxConcurrency?: number): void {
  by.function.addEventSourceMapping('Work', {
    eventSourceArn: from.queue.queueArn,
    batchSize: 1,
    reportBatchItemFailures: true,
    ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
  });
}

/** `CLUSTERS_TABLE` → `ClustersTable`: outputs have no underscores. */
function outputOf(setting: string): string {
  return setting
    .split('_')
    .map((word) => `${word[0]}${word.slice(1).toLowerCase()}`)
    .join('');
}
