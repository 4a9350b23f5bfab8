import type { World } from './world.ts';

type Attributes = Readonly<Record<string, string>>;

/** One thing that is wrong, and what people are to be told of it. */
export interface Fault {
  /** The name of its row. */
  readonly cluster: string;
  readonly what: string;
  /** The attributes of the row beside its name; `mode` and `interval` are `enforce` and a minute unless they say otherwise. */
  readonly row: (world: World) => Attributes;
  readonly status: 'failing' | 'blocked';
  readonly reason: string;
  /** The subject with its value, and the remedy. */
  readonly says: (world: World) => readonly string[];
  /** The kinds of the objects that have a record of their own with the error; none where it is the run's. */
  readonly objects?: readonly string[];
  /** What is applied all the same: the path of an object beside the broken one. */
  readonly beside?: (world: World) => string;
}

const settingsIn = (namespace: string) => () => `/api/v1/namespaces/${namespace}/configmaps/settings`;
const from = ({ repository }: World, path: string) => ({ repository, path });

const SOURCES: readonly Fault[] = [
  {
    cluster: 'git-unreachable',
    what: 'a repository that cannot be reached',
    row: ({ eks, closedPort }) => ({ ...eks, repository: `http://127.0.0.1:${closedPort}/shop.git` }),
    status: 'failing',
    reason: 'RepositoryUnreachable',
    says: ({ closedPort }) => [`http://127.0.0.1:${closedPort}/shop.git`, 'Check the address and that it is reachable'],
  },
  {
    cluster: 'git-refused',
    what: 'a repository that refuses the token',
    row: ({ eks, privateRepository, wrongGitSecret }) => ({ ...eks, repository: privateRepository, credentialsSecret: wrongGitSecret }),
    status: 'failing',
    reason: 'AuthenticationRefused',
    says: ({ privateRepository, wrongGitSecret }) => [privateRepository, wrongGitSecret, 'Check that the token'],
  },
  {
    cluster: 'git-anonymous',
    what: 'a repository that wants a token, and a row without one',
    row: ({ eks, privateRepository }) => ({ ...eks, repository: privateRepository }),
    status: 'failing',
    reason: 'AuthenticationRefused',
    says: ({ privateRepository }) => [privateRepository, 'The row has no credentialsSecret'],
  },
  {
    cluster: 'git-secret',
    what: 'a secret that does not exist',
    row: ({ eks, privateRepository }) => ({ ...eks, repository: privateRepository, credentialsSecret: 'plumbline/nowhere' }),
    status: 'failing',
    reason: 'SecretMissing',
    says: () => ['secret plumbline/nowhere', 'Create it, or correct the name'],
  },
  {
    cluster: 'branch-missing',
    what: 'a branch that does not exist',
    row: (world) => ({ ...world.eks, ...from(world, 'app'), branch: 'release/9' }),
    status: 'failing',
    reason: 'ReferenceNotFound',
    says: ({ repository }) => [repository, '"release/9"', 'Set branch to'],
  },
  {
    cluster: 'path-missing',
    what: 'a path that does not exist',
    row: (world) => ({ ...world.eks, ...from(world, 'apps/nowhere') }),
    status: 'failing',
    reason: 'PathNotFound',
    says: ({ repository }) => [repository, '"apps/nowhere"', 'Set path to'],
  },
  {
    cluster: 'path-empty',
    what: 'a path without manifests',
    row: (world) => ({ ...world.eks, ...from(world, 'empty') }),
    status: 'failing',
    reason: 'PathEmpty',
    says: ({ repository }) => [repository, '"empty"', 'Set path to'],
  },
  {
    cluster: 'path-symlink',
    what: 'a symlink that leaves the repository',
    row: (world) => ({ ...world.eks, ...from(world, 'link') }),
    status: 'failing',
    reason: 'PathOutsideRepository',
    says: ({ repository }) => [repository, 'link/passwords.yaml', 'Replace it by'],
  },
];

const ROWS: readonly Fault[] = [
  {
    cluster: 'row-path',
    what: 'a row whose path leaves the repository',
    row: (world) => ({ ...world.eks, ...from(world, 'app/../../other') }),
    status: 'failing',
    reason: 'InvalidRow',
    says: () => ['cluster row-path', 'path is "app/../../other"', 'no .. in it', 'plumbline cluster set'],
  },
  {
    cluster: 'row-interval',
    what: 'a row with an interval that is none',
    row: (world) => ({ ...world.eks, ...from(world, 'app'), interval: 'often' }),
    status: 'failing',
    reason: 'InvalidRow',
    says: () => ['cluster row-interval', 'interval is "often"', '90s, 5m or 2h', 'plumbline cluster set'],
  },
];

const CONNECTIONS: readonly Fault[] = [
  {
    cluster: 'api-down',
    what: 'an API server that is down',
    row: (world) => ({ ...world.endpoint, endpoint: `https://127.0.0.1:${world.closedPort}`, ...from(world, 'app') }),
    status: 'failing',
    reason: 'Unreachable',
    says: ({ closedPort }) => [`https://127.0.0.1:${closedPort}`, 'Check that the endpoint is right'],
  },
  {
    cluster: 'api-authority',
    what: "another cluster's certificate authority",
    row: (world) => ({ ...world.endpoint, certificateAuthority: world.otherAuthority, ...from(world, 'app') }),
    status: 'failing',
    reason: 'TlsVerification',
    says: ({ endpoint }) => [`${endpoint.endpoint}`, 'update certificateAuthority or endpoint'],
  },
  {
    cluster: 'api-token',
    what: 'a token that nobody knows',
    row: (world) => ({ ...world.endpoint, clusterSecret: world.secrets.wrongToken, ...from(world, 'app') }),
    status: 'failing',
    reason: 'Unauthorized',
    says: ({ endpoint, secrets }) => [`${endpoint.endpoint}`, secrets.wrongToken, '401', 'put a token or client certificate that is valid'],
  },
  {
    cluster: 'token-expired',
    what: 'an EKS token that has expired',
    row: (world) => ({ ...world.endpoint, clusterSecret: world.secrets.expiredToken, ...from(world, 'app') }),
    status: 'failing',
    reason: 'Unauthorized',
    says: ({ endpoint, secrets }) => [`${endpoint.endpoint}`, secrets.expiredToken, '401', 'They may have expired'],
  },
  {
    cluster: 'token-altered',
    what: 'an EKS token with another signature',
    row: (world) => ({ ...world.endpoint, clusterSecret: world.secrets.alteredToken, ...from(world, 'app') }),
    status: 'failing',
    reason: 'Unauthorized',
    says: ({ endpoint, secrets }) => [
      `${endpoint.endpoint}`,
      secrets.alteredToken,
      '401',
      'put a token or client certificate that is valid',
    ],
  },
  {
    cluster: 'token-region',
    what: 'a row whose tokens are signed for another region than the cluster accepts',
    row: (world) => ({ eksName: world.eks.eksName ?? '', region: world.otherRegion, ...from(world, 'app') }),
    status: 'failing',
    reason: 'Unauthorized',
    says: ({ eks, otherRegion }) => [`EKS cluster ${eks.eksName} in ${otherRegion}`, '401', "Check that this is the cluster's region"],
  },
  {
    cluster: 'eks-region',
    what: 'a region where the role may not describe the cluster',
    row: (world) => ({ ...world.eks, region: world.otherRegion, ...from(world, 'app') }),
    status: 'failing',
    reason: 'DescribeClusterRefused',
    says: ({ eks, otherRegion }) => [`EKS cluster ${eks.eksName} in ${otherRegion}`, 'Allow it to this role'],
  },
  {
    cluster: 'eks-external-id',
    what: 'an external id that the role does not ask for',
    row: (world) => ({ ...world.eks, externalId: 'another', ...from(world, 'app') }),
    status: 'failing',
    reason: 'AssumeRoleRefused',
    says: ({ eks }) => [`role ${eks.roleArn}`, 'externalId as sts:ExternalId'],
  },
];

const OBJECTS: readonly Fault[] = [
  {
    cluster: 'yaml-error',
    what: 'a file that is no YAML',
    row: (world) => ({ ...world.eks, ...from(world, 'broken-yaml') }),
    status: 'failing',
    reason: 'InvalidYaml',
    says: () => ['broken-yaml/broken.yaml:4', 'Correct the file'],
    objects: ['File'],
    beside: settingsIn('faults-broken-yaml'),
  },
  {
    cluster: 'twice',
    what: 'two manifests of one object',
    row: (world) => ({ ...world.eks, ...from(world, 'twice') }),
    status: 'failing',
    reason: 'DuplicateIdentity',
    says: () => ['ConfigMap faults-twice/twice', 'twice/one.yaml:1', 'twice/two.yaml:1'],
    objects: ['ConfigMap'],
    beside: settingsIn('faults-twice'),
  },
  {
    cluster: 'unknown-kind',
    what: 'an object of a kind that the cluster does not serve',
    row: (world) => ({ ...world.eks, ...from(world, 'unknown-kind') }),
    status: 'failing',
    reason: 'UnknownKind',
    says: () => ['Gadget faults-unknown-kind/one', 'gadgets.example.com/v1', 'CustomResourceDefinition'],
    objects: ['Gadget'],
    beside: settingsIn('faults-unknown-kind'),
  },
  {
    cluster: 'forbidden-kind',
    what: 'one kind that the user may not write',
    row: (world) => ({ ...world.endpoint, clusterSecret: world.secrets.limitedToken, ...from(world, 'forbidden') }),
    status: 'failing',
    reason: 'Forbidden',
    says: ({ limitedNamespace }) => [`ConfigMap ${limitedNamespace}/settings`, '403', 'Grant it in the ClusterRole'],
    objects: ['ConfigMap'],
    beside: ({ limitedNamespace }) => `/api/v1/namespaces/${limitedNamespace}/services/web`,
  },
  {
    cluster: 'tag-missing',
    what: 'a tag that is not in the registry',
    row: (world) => ({ ...world.eks, ...from(world, 'tag') }),
    status: 'blocked',
    reason: 'TagUnresolvable',
    says: ({ image }) => [`${image}:gone`],
    objects: ['Deployment'],
    beside: settingsIn('faults-tag'),
  },
];

export const FAULTS: readonly Fault[] = [...SOURCES, ...ROWS, ...CONNECTIONS, ...OBJECTS];
