import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { PlumblineError } from '../../errors.ts';
import { parseJson } from '../registry/json-text.ts';

/** What CloudWatch Logs sends at once is at most a few megabytes; what it unpacks to is bounded too. */
const MAX_PACKED_CHARACTERS = 8 * 1024 * 1024;
const MAX_UNPACKED_BYTES = 32 * 1024 * 1024;
const MAX_SHOWN = 200;

/** What CloudWatch Logs sent is no subscription event. */
export class AuditLogError extends PlumblineError {}

/** Somebody who reached into a container, as the audit log of the API server has it. */
export interface ExecEvent {
  readonly action: 'exec' | 'attach' | 'debug' | 'node';
  /** Empty for `node`, whose event names no pod that we could trust. */
  readonly namespace: string;
  /** Of the pod, or the node. */
  readonly name: string;
  readonly container?: string;
  /** The program alone: arguments may hold secrets. */
  readonly program?: string;
  /** The IAM principal where EKS says it, else the user of the cluster; with whom it acted as. */
  readonly user: string;
  /** `kubectl` */
  readonly agent: string;
  /** ISO 8601. */
  readonly at: string;
}

/** The audit events of one delivery, by the EKS cluster whose log they are of. */
export interface AuditLog {
  readonly eksName: string;
  /** The account of the log group. */
  readonly account: string;
  readonly messages: readonly string[];
}

const Delivery = z.object({ awslogs: z.object({ data: z.base64().max(MAX_PACKED_CHARACTERS) }) });
const Unpacked = z.object({
  messageType: z.string(),
  owner: z.string(),
  logGroup: z.string(),
  logEvents: z.array(z.object({ message: z.string() })),
});
const LOG_GROUP = /^\/aws\/eks\/([0-9A-Za-z][A-Za-z0-9_-]{0,99})\/cluster$/;

export function isLogDelivery(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'awslogs' in event;
}

/**
 * Unpacks what a subscription filter of a log group sends. Undefined for the message by which CloudWatch Logs tries a subscription out.
 * Throws `AuditLogError` for what is no delivery, is too large, or is of another log than that of an EKS cluster.
 */
export function readLogDelivery(event: unknown): AuditLog | undefined {
  const delivery = Delivery.safeParse(event);
  if (!delivery.success) throw new AuditLogError('MalformedDelivery', 'audit log: the event is no delivery of CloudWatch Logs.');
  let text: string;
  try {
    text = gunzipSync(Buffer.from(delivery.data.awslogs.data, 'base64'), { maxOutputLength: MAX_UNPACKED_BYTES }).toString();
  } catch (error) {
    const message = `audit log: the delivery cannot be unpacked into ${MAX_UNPACKED_BYTES} bytes.`;
    throw new AuditLogError('MalformedDelivery', message, { cause: error });
  }
  const unpacked = Unpacked.safeParse(parseJson(text));
  if (!unpacked.success) throw new AuditLogError('MalformedDelivery', 'audit log: the delivery is not in the form of CloudWatch Logs.');
  const { messageType, owner, logGroup, logEvents } = unpacked.data;
  if (messageType === 'CONTROL_MESSAGE') return undefined;
  const eksName = LOG_GROUP.exec(logGroup)?.[1];
  if (eksName === undefined) {
    const shown = logGroup.slice(0, MAX_SHOWN);
    throw new AuditLogError('UnknownLogGroup', `audit log: log group ${shown} is not of an EKS cluster (/aws/eks/NAME/cluster).`);
  }
  return { eksName, account: owner, messages: logEvents.map(({ message }) => message) };
}

const User = z.object({ username: z.string(), extra: z.record(z.string(), z.array(z.string())).optional() });
const AuditEvent = z.object({
  kind: z.literal('Event'),
  apiVersion: z.string().startsWith('audit.k8s.io/'),
  auditID: z.string(),
  stage: z.enum(['ResponseStarted', 'ResponseComplete']),
  requestURI: z.string(),
  verb: z.string(),
  user: User,
  impersonatedUser: User.optional(),
  userAgent: z.string().optional(),
  objectRef: z.object({
    resource: z.string(),
    subresource: z.string(),
    namespace: z.string().optional(),
    name: z.string(),
  }),
  responseStatus: z.object({ code: z.number() }).optional(),
  requestReceivedTimestamp: z.iso.datetime(),
});
type AuditEvent = z.infer<typeof AuditEvent>;

/**
 * Who reached into which container, one for each request that the server let through. A connection over WebSocket is a `get`, one over SPDY a
 * `create`, and both reach as far. What is no such event, or none at all, is passed over: an audit log has many others.
 */
export function readExecEvents(messages: readonly string[]): readonly ExecEvent[] {
  const seen = new Map<string, ExecEvent>();
  for (const message of messages) {
    const parsed = AuditEvent.safeParse(parseJson(message));
    if (!parsed.success || seen.has(parsed.data.auditID)) continue;
    const found = execOf(parsed.data);
    if (found !== undefined) seen.set(parsed.data.auditID, found);
  }
  return [...seen.values()];
}

/** What of a kubelet only reads: agents that collect metrics ask for it all day. */
const READ_OF_KUBELET = new Set(['metrics', 'stats', 'healthz', 'pods', 'runningpods', 'spec', 'configz', 'logs', 'containerLogs', '']);

function execOf(event: AuditEvent): ExecEvent | undefined {
  // What was refused reached nothing.
  if ((event.responseStatus?.code ?? 0) >= 400) return undefined;
  const action = actionOf(event);
  if (action === undefined) return undefined;
  const { objectRef, user, impersonatedUser } = event;
  const query = new URLSearchParams(event.requestURI.slice(event.requestURI.indexOf('?') + 1));
  const ofPod = action === 'exec' || action === 'attach';
  const container = ofPod ? query.get('container') : null;
  const command = action === 'exec' ? query.get('command') : null;
  const who = nameOf(user);
  return {
    action,
    namespace: objectRef.namespace ?? '',
    name: objectRef.name,
    ...(container === null ? {} : { container: shown(container) }),
    ...(command === null ? {} : { program: shown(command.split(/\s/, 1)[0] ?? '') }),
    user: shown(impersonatedUser === undefined ? who : `${who} as ${nameOf(impersonatedUser)}`),
    agent: shown(event.userAgent?.split('/')[0] ?? 'unknown'),
    at: event.requestReceivedTimestamp,
  };
}

function actionOf({ objectRef: { resource, subresource }, verb, requestURI }: AuditEvent): ExecEvent['action'] | undefined {
  const connects = verb === 'create' || verb === 'get';
  if (resource === 'pods' && (subresource === 'exec' || subresource === 'attach')) return connects ? subresource : undefined;
  if (resource === 'pods' && subresource === 'ephemeralcontainers') return verb === 'patch' || verb === 'update' ? 'debug' : undefined;
  if (resource !== 'nodes' || subresource !== 'proxy' || !connects) return undefined;
  const asked = /\/proxy\/?([^/?]*)/.exec(requestURI)?.[1] ?? '';
  return verb === 'get' && READ_OF_KUBELET.has(asked) ? undefined : 'node';
}

function nameOf({ username, extra }: z.infer<typeof User>): string {
  return extra?.arn?.[0] ?? extra?.canonicalArn?.[0] ?? username;
}

/** As it may be recorded: in one line, without control characters. */
function shown(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_SHOWN);
}
