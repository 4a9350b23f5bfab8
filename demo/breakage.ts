/** What a person does to a cluster by hand in the demo, as the arguments of kubectl, and what to look for afterwards. */
export interface Breakage {
  readonly what: string;
  readonly kubectl: readonly string[];
  /** The object whose record will tell of it. */
  readonly object: { readonly kind: string; readonly name: string; readonly class?: string };
}

export const ROTATED_SECRET_VALUE = 'rotated-by-hand-in-the-demo';

/** Seven things that people really do on a Friday afternoon; `registry` is the host of the sample's images. */
export function breakages(registry: string): readonly Breakage[] {
  const inShop = (...args: readonly string[]) => ['--namespace', 'shop', ...args];
  return [
    {
      what: 'another image in a Deployment',
      kubectl: inShop('set', 'image', 'deployment/web', `web=${registry}/shop/web:hotfix`),
      object: { kind: 'Deployment', name: 'web' },
    },
    {
      what: 'other limits in a Deployment',
      kubectl: inShop('set', 'resources', 'deployment/worker', '--limits=cpu=1,memory=1Gi'),
      object: { kind: 'Deployment', name: 'worker' },
    },
    {
      what: 'a sidecar put into a Deployment',
      kubectl: inShop('patch', 'deployment/worker', '--type=strategic', `--patch=${JSON.stringify(sidecar(registry))}`),
      object: { kind: 'Deployment', name: 'worker', class: 'foreign-field' },
    },
    {
      what: 'a key of a ConfigMap edited',
      kubectl: inShop('patch', 'configmap', 'web', '--type=merge', '--patch={"data":{"log-level":"debug"}}'),
      object: { kind: 'ConfigMap', name: 'web' },
    },
    {
      what: 'a Secret rotated',
      kubectl: inShop('patch', 'secret', 'web', '--type=merge', `--patch={"stringData":{"session-key":"${ROTATED_SECRET_VALUE}"}}`),
      object: { kind: 'Secret', name: 'web' },
    },
    { what: 'a Service deleted', kubectl: inShop('delete', 'service', 'web'), object: { kind: 'Service', name: 'web' } },
    {
      what: 'a label removed from a ServiceAccount',
      kubectl: inShop('label', 'serviceaccount', 'shop', 'team-'),
      object: { kind: 'ServiceAccount', name: 'shop' },
    },
  ];
}

/** Beside what Git says, so that no field of Git differs: only who owns it tells. */
function sidecar(registry: string) {
  const shell = {
    name: 'shell',
    image: `${registry}/shop/web:1.0`,
    securityContext: {
      allowPrivilegeEscalation: false,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
  };
  return { spec: { template: { spec: { containers: [shell] } } } };
}
