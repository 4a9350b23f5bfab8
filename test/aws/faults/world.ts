import { once } from 'node:events';
import { createServer } from 'node:net';
import { CreateClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import { z } from 'zod';
import type { LocalCluster } from '../../../lib/local/index.ts';
import { reachOf } from '../../helpers/deployed-state.ts';
import { assumeClusterRole, decodeToken, encodeToken, makeEksToken } from '../../helpers/eks-token.ts';
import { adminToken, callCluster, freshNamespace, testCluster, testEnvironment } from '../../helpers/environment.ts';
import type { DeployedFleet } from '../../helpers/fleet.ts';
import { createRepository, temporaryDirectory } from '../../helpers/git-repository.ts';
import { startGitServer } from '../../helpers/git-server.ts';
import { freshRepository } from '../../helpers/registry.ts';
import { deploymentFile } from '../../helpers/workloads.ts';

type Attributes = Readonly<Record<string, string>>;

/** What rows are made of. */
export interface World extends AsyncDisposable {
  readonly repository: string;
  /** A repository that wants a token, and the secret with another one. */
  readonly privateRepository: string;
  readonly wrongGitSecret: string;
  /** Nobody listens there. */
  readonly closedPort: number;
  /** A cluster on EKS and the role in front of it. */
  readonly eks: Attributes;
  readonly otherEks: Attributes;
  /** The same API server by its address, with the administrator's token. */
  readonly endpoint: Attributes;
  readonly otherAuthority: string;
  readonly otherRegion: string;
  readonly secrets: {
    readonly wrongToken: string;
    readonly expiredToken: string;
    readonly alteredToken: string;
    /** Of a user who may write Services and not ConfigMaps, and where the folder `forbidden` has one of each. */
    readonly limitedToken: string;
  };
  readonly limitedNamespace: string;
  /** An ECR repository without images, as references have it. */
  readonly image: string;
}

const OTHER_REGION = 'us-east-1';

const TokenAnswer = z.object({ status: z.object({ token: z.string() }) });

const configMap = (namespace: string, name = 'settings') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: ${namespace}\ndata:\n  colour: blue\n`;
const withNamespace = (name: string) => `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${name}\n---\n${configMap(name)}`;

/** A repository with a folder for each fault, and everything else that is wrong in the world. */
export async function createWorld(fleet: DeployedFleet): Promise<World> {
  await using scope = new AsyncDisposableStack();
  const environment = testEnvironment();
  const cluster = testCluster('prod-eu');
  const folder = scope.use(temporaryDirectory());
  const git = scope.use(await startGitServer({ root: folder.path, credentials: { username: 'git', token: 'the right one' } }));
  createRepository(`${folder.path}/private`).commit({ 'README.md': 'private\n' });
  const { registry, repository: imageName } = await freshRepository('IMMUTABLE');
  const image = `${registry}/${imageName}`;
  const limited = await createLimitedUser();

  const repository = scope.use(createRepository());
  repository.commit({
    'healthy/app.yaml': withNamespace('faults-healthy'),
    'app/app.yaml': withNamespace('faults-app'),
    'empty/README.md': 'No manifest here.\n',
    'link/app.yaml': withNamespace('faults-link'),
    'link/passwords.yaml': { link: '../../../../../../../../etc/passwd' },
    'broken-yaml/app.yaml': withNamespace('faults-broken-yaml'),
    'broken-yaml/broken.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one: two\n',
    'twice/app.yaml': withNamespace('faults-twice'),
    'twice/one.yaml': configMap('faults-twice', 'twice'),
    'twice/two.yaml': configMap('faults-twice', 'twice'),
    'unknown-kind/app.yaml': withNamespace('faults-unknown-kind'),
    'unknown-kind/gadget.yaml':
      'apiVersion: gadgets.example.com/v1\nkind: Gadget\nmetadata:\n  name: one\n  namespace: faults-unknown-kind\n',
    'tag/app.yaml': withNamespace('faults-tag'),
    'tag/web.yaml': deploymentFile('faults-tag', `${image}:gone`),
    'forbidden/settings.yaml': configMap(limited.namespace),
    'forbidden/service.yaml': `apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: ${limited.namespace}\nspec:\n  ports:\n    - port: 80\n`,
  });

  // The same name in another region: found there, and answered for by the same API server.
  await new EKSClient({ ...reachOf(environment.aws), endpoint: environment.aws.AWS_ENDPOINT_URL_EKS ?? '', region: OTHER_REGION }).send(
    new CreateClusterCommand({
      name: cluster.eksName,
      roleArn: `arn:aws:iam::${environment.accountId}:role/eks-cluster`,
      resourcesVpcConfig: { subnetIds: ['subnet-00000001', 'subnet-00000002'] },
    }),
  );
  const keys = await assumeClusterRole(environment, cluster, cluster.externalId);
  const token = { clusterName: cluster.eksName, region: environment.region, keys };
  const altered = new URL(decodeToken(await makeEksToken(token)));
  altered.searchParams.set('X-Amz-Signature', '0'.repeat(64));

  const held = scope.move();
  return {
    repository: repository.url,
    privateRepository: `${git.url}/private/.git`,
    wrongGitSecret: await fleet.putSecret('faults/git', { username: 'git', token: 'not the right one' }),
    closedPort: await closedPort(),
    eks: eksRow(cluster),
    otherEks: eksRow(testCluster('prod-us')),
    endpoint: {
      endpoint: cluster.endpoint,
      certificateAuthority: cluster.certificateAuthority,
      clusterSecret: await fleet.putSecret('faults/admin', { token: await adminToken(cluster) }),
    },
    otherAuthority: testCluster('prod-us').certificateAuthority,
    otherRegion: OTHER_REGION,
    secrets: {
      wrongToken: await fleet.putSecret('faults/wrong-token', { token: 'nobody-knows-this-token' }),
      expiredToken: await fleet.putSecret('faults/expired-token', {
        token: await makeEksToken({ ...token, signedAt: new Date(Date.now() - 16 * 60_000) }),
      }),
      alteredToken: await fleet.putSecret('faults/altered-token', { token: encodeToken(altered.href) }),
      limitedToken: await fleet.putSecret('faults/limited-token', { token: limited.token }),
    },
    limitedNamespace: limited.namespace,
    image,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

function eksRow({ eksName, roleArn, externalId }: LocalCluster): Attributes {
  return { eksName, region: testEnvironment().region, roleArn, externalId };
}

/** A ServiceAccount of a fresh namespace in `prod-eu` that may write Services there, and neither read nor write ConfigMaps. */
async function createLimitedUser(): Promise<{ readonly namespace: string; readonly token: string }> {
  const cluster = testCluster('prod-eu');
  const admin = await adminToken(cluster);
  const namespace = await freshNamespace(cluster);
  const post = async (path: string, body: object) => {
    const { status, body: answer } = await callCluster(cluster, admin, 'POST', path, body);
    if (status !== 201) throw new Error(`POST ${path}: ${status} ${JSON.stringify(answer)}`);
    return answer;
  };
  const name = `limited-${namespace}`;
  await post(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: 'limited' } });
  await post('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
    metadata: { name },
    rules: [
      { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] },
      { apiGroups: [''], resources: ['services'], verbs: ['get', 'create', 'patch'] },
    ],
  });
  await post('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ kind: 'ServiceAccount', name: 'limited', namespace }],
  });
  const answer = await post(`/api/v1/namespaces/${namespace}/serviceaccounts/limited/token`, { spec: { expirationSeconds: 3600 } });
  return { namespace, token: TokenAnswer.parse(answer).status.token };
}

/** A port that was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await once(server.close(), 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}
