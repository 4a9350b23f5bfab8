import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import { parse } from 'yaml';
import { z } from 'zod';
import { type EnvironmentDescription, type LocalCluster, startLocalEnvironment, thisHost } from '../../lib/local/index.ts';

declare module 'vitest' {
  interface ProvidedContext {
    environment: EnvironmentDescription;
  }
}

/** Vitest's global setup: one environment for all files of a project, ended after them and when the run is interrupted. */
export async function setupEnvironment(project: TestProject): Promise<() => Promise<void>> {
  const interrupted = new AbortController();
  const environment = await startLocalEnvironment({
    name: `test-${project.name}-${process.pid}`,
    clusters: [
      { name: 'prod-eu', access: 'enforce' },
      { name: 'prod-us', access: 'observe' },
    ],
    host: thisHost(process.env),
    progress: (message) => console.error(message),
    signal: interrupted.signal,
  });
  const { stop, release: _release, processes: _processes, ...description } = environment;
  project.provide('environment', description);
  return stop;
}

/** The environment of this run, in a test file. */
export function testEnvironment(): EnvironmentDescription {
  return inject('environment');
}

/** One of its clusters; `prod-eu` is enforced, `prod-us` observed. */
export function testCluster(name: 'prod-eu' | 'prod-us'): LocalCluster {
  const cluster = testEnvironment().clusters.find((one) => one.name === name);
  if (cluster === undefined) throw new Error(`the test environment has no cluster ${name}`);
  return cluster;
}

const Kubeconfig = z.object({ users: z.tuple([z.object({ user: z.object({ token: z.string() }) })]) });

/** The administrator's bearer token. */
export async function adminToken(cluster: LocalCluster): Promise<string> {
  return Kubeconfig.parse(parse(await readFile(cluster.kubeconfig, 'utf8'))).users[0].user.token;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** One request to an API server with any token, TLS verified. */
export async function callCluster(
  cluster: LocalCluster,
  token: string,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
): Promise<Answer> {
  const agent = new Agent({ connect: { ca: Buffer.from(cluster.certificateAuthority, 'base64').toString('utf8') } });
  try {
    const contentType = method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json';
    const response = await request(`${cluster.endpoint}${path}`, {
      method,
      dispatcher: agent,
      headers: { authorization: `Bearer ${token}`, 'content-type': contentType },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.statusCode, body: JSON.parse(await response.body.text()) };
  } finally {
    await agent.close();
  }
}

/** Creates a namespace that no other test uses and resolves to its name. */
export async function freshNamespace(cluster: LocalCluster): Promise<string> {
  const name = `test-${randomBytes(6).toString('hex')}`;
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  const { status } = await callCluster(cluster, await adminToken(cluster), 'POST', '/api/v1/namespaces', object);
  if (status !== 201) throw new Error(`namespace ${name} could not be created: ${status}`);
  return name;
}
