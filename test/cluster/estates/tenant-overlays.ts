import type { Files } from './files.ts';

const TENANTS = ['atlas', 'borealis', 'cygnus', 'draco', 'eridanus', 'fornax', 'gemini', 'hydra', 'indus', 'lyra'];

/** A platform team's repository: one base, components, and an overlay for each tenant of a cluster. */
export function tenantOverlays(): Files {
  return {
    'clusters/prod/kustomization.yaml': `
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [platform, ${TENANTS.map((tenant) => `../../tenants/${tenant}`).join(', ')}]
commonAnnotations: { cluster.example.com/name: prod }
`,
    'clusters/prod/platform/kustomization.yaml': 'resources: [classes.yaml, reader.yaml]\n',
    'clusters/prod/platform/classes.yaml': `
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: { name: tenant-default }
value: 1000
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: tenant-standard }
provisioner: ebs.csi.aws.com
parameters: { type: gp3 }
`,
    'clusters/prod/platform/reader.yaml': `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: tenant-reader }
rules: [{ apiGroups: [''], resources: [pods, pods/log], verbs: [get, list, watch] }]
`,
    'base/kustomization.yaml': `
resources: [namespace.yaml, limits.yaml, access.yaml, network.yaml, app.yaml]
labels: [{ pairs: { platform.example.com/managed: 'true' } }]
configMapGenerator: [{ name: settings, files: [app.conf], literals: [REGION=eu-central-1] }]
secretGenerator: [{ name: token, literals: [token=changeme], type: Opaque }]
`,
    'base/app.conf': 'level = info\nworkers = 4\n',
    'base/namespace.yaml':
      'apiVersion: v1\nkind: Namespace\nmetadata: { name: tenant, labels: { pod-security.kubernetes.io/enforce: privileged } }\n',
    'base/limits.yaml': `
apiVersion: v1
kind: LimitRange
metadata: { name: defaults, namespace: tenant }
spec: { limits: [{ type: Container, default: { memory: 512Mi }, defaultRequest: { cpu: 50m, memory: 128Mi } }] }
`,
    'base/access.yaml': `
apiVersion: v1
kind: ServiceAccount
metadata: { name: deployer, namespace: tenant }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: team, namespace: tenant }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: tenant-reader }
subjects: [{ kind: Group, name: team, apiGroup: rbac.authorization.k8s.io }, { kind: ServiceAccount, name: deployer, namespace: tenant }]
`,
    'base/network.yaml': `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: default-deny, namespace: tenant }
spec: { podSelector: {}, policyTypes: [Ingress, Egress], egress: [{ ports: [{ port: 53, protocol: UDP }] }] }
`,
    'base/app.yaml': `
apiVersion: apps/v1
kind: Deployment
metadata: { name: portal, namespace: tenant }
spec:
  selector: { matchLabels: { app: portal } }
  template:
    metadata: { labels: { app: portal } }
    spec:
      serviceAccountName: deployer
      priorityClassName: tenant-default
      containers:
        - name: portal
          image: registry.example/portal
          ports: [{ containerPort: 8080 }]
          envFrom: [{ configMapRef: { name: settings } }]
          env: [{ name: TOKEN, valueFrom: { secretKeyRef: { name: token, key: token } } }]
---
apiVersion: v1
kind: Service
metadata: { name: portal, namespace: tenant }
spec: { selector: { app: portal }, ports: [{ port: 80, targetPort: 8080 }] }
`,
    'components/autoscaling/kustomization.yaml': `
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources: [hpa.yaml]
patches:
  - target: { kind: Deployment, name: portal }
    patch: '- { op: add, path: /spec/template/spec/containers/0/resources, value: { requests: { cpu: 250m } } }'
`,
    'components/autoscaling/hpa.yaml': `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: portal, namespace: tenant }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: portal }
  minReplicas: 2
  maxReplicas: 6
  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 70 } } }]
`,
    'components/storage/kustomization.yaml': `
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources: [claim.yaml]
patches:
  - patch: |
      apiVersion: apps/v1
      kind: Deployment
      metadata: { name: portal, namespace: tenant }
      spec:
        template:
          spec:
            volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]
            containers: [{ name: portal, volumeMounts: [{ name: data, mountPath: /data }] }]
`,
    'components/storage/claim.yaml': `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data, namespace: tenant }
spec: { accessModes: [ReadWriteOnce], storageClassName: tenant-standard, resources: { requests: { storage: 5Gi } } }
`,
    ...Object.fromEntries(TENANTS.map((tenant, index) => [`tenants/${tenant}/kustomization.yaml`, overlay(tenant, index)])),
  };
}

function overlay(tenant: string, index: number): string {
  const components = [
    ...(index % 2 === 0 ? ['../../components/autoscaling'] : []),
    ...(index % 3 === 0 ? ['../../components/storage'] : []),
  ];
  return `
resources: [../../base]
components: [${components.join(', ')}]
namespace: ${tenant}
labels: [{ pairs: { tenant: ${tenant} }, includeSelectors: true, includeTemplates: true }]
images: [{ name: registry.example/portal, newTag: 2.${index}.0 }]
replicas: ${index % 2 === 0 ? '[]' : `[{ name: portal, count: ${1 + index} }]`}
configMapGenerator: [{ name: settings, behavior: merge, literals: [TENANT=${tenant}] }]
patches:
  - target: { kind: Namespace }
    patch: '- { op: replace, path: /metadata/name, value: ${tenant} }'
  - target: { kind: RoleBinding }
    patch: '- { op: replace, path: /subjects/0/name, value: team-${tenant} }'
`;
}
