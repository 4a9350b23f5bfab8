import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { json } from 'node:stream/consumers';
import { type ApiClient, bearerToken, type ClientOptions, createKubernetesClient } from '../../../lib/kubernetes/index.ts';
import { Children } from '../../../lib/local/children.ts';
import { type ControlPlane, startControlPlane, startEtcd } from '../../../lib/local/clusters.ts';
import { controlPlaneBinaries } from '../../../lib/local/control-plane-binaries.ts';
import { freePorts } from '../../../lib/local/ports.ts';

export interface TestCluster {
  readonly controlPlane: ControlPlane;
  /** The API server's own certificate and key (PEM), for servers of ours that play one on 127.0.0.1. */
  readonly certificate: { readonly cert: Buffer; readonly key: Buffer };
  /** Address of the etcd that the API server keeps its objects in, below `/test`. */
  readonly etcd: string;
  /** A client of the administrator, unless told otherwise; closed with the cluster. */
  client(options?: Partial<ClientOptions>): ApiClient;
  stop(): Promise<void>;
}

/** A token that the API server takes for the user `reader`, who has no role unless a test binds one. */
export const READER_TOKEN = 'reader';

/** Starts one API server of its own. It knows the administrator's token and the reader's. */
export async function startTestCluster(): Promise<TestCluster> {
  const host = {
    env: process.env,
    home: homedir(),
    platform: process.platform,
    arch: process.arch,
    node: process.execPath,
    project: process.cwd(),
  };
  const programs = await controlPlaneBinaries(['etcd', 'kube-apiserver'], host, console.error, AbortSignal.timeout(900_000));
  const directory = await mkdtemp(join(tmpdir(), 'plumbline-kubernetes-'));
  await mkdir(join(directory, 'logs'));
  const children = new Children(join(directory, 'logs'), () => undefined);
  const review = createServer(async (request, response) => {
    const asked = await json(request);
    const known = JSON.stringify(asked).includes(`"token":"${READER_TOKEN}"`);
    const status = known ? { authenticated: true, user: { username: 'reader' } } : { authenticated: false };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', status }));
  });
  review.listen(0, '127.0.0.1');
  await once(review, 'listening');
  const clients: ApiClient[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(clients.map((client) => client.close()));
    await children.stop([]);
    review.closeAllConnections();
    review.close();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const [etcdClient = 0, etcdPeer = 0, port = 0] = await freePorts(3);
    const etcd = await startEtcd(children, programs.etcd, directory, [etcdClient, etcdPeer]);
    const address = review.address();
    const tokenReview = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}/`;
    const controlPlane = await startControlPlane(children, {
      name: 'test',
      program: programs['kube-apiserver'],
      directory,
      port,
      etcd,
      tokenReview,
    });
    const certificates = join(dirname(controlPlane.kubeconfig), 'certificates');
    const [cert, key] = await Promise.all(['apiserver.crt', 'apiserver.key'].map((file) => readFile(join(certificates, file))));
    if (cert === undefined || key === undefined) throw new Error('two files were read');
    return {
      controlPlane,
      certificate: { cert, key },
      etcd,
      client(options) {
        const client = createKubernetesClient({
          endpoint: controlPlane.endpoint,
          certificateAuthority: controlPlane.certificateAuthority,
          authentication: bearerToken(controlPlane.adminToken, 'test'),
          ...options,
        });
        clients.push(client);
        return client;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
