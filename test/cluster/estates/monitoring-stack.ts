import { definition } from './definition.ts';
import { type Files, yamlOf } from './files.ts';

const NAMESPACE = 'monitoring';
const GROUP = 'metrics.example.com';
const RBAC = 'rbac.authorization.k8s.io';
const COMPONENTS = [
  'alertmanager',
  'blackbox-exporter',
  'grafana',
  'kube-state-metrics',
  'node-exporter',
  'adapter',
  'operator',
  'collector',
];
const DEFINITIONS: readonly (readonly [string, string, number])[] = [
  ['Collector', 'collectors', 300],
  ['Alerting', 'alertings', 200],
  ['ServiceMonitor', 'servicemonitors', 40],
  ['PodMonitor', 'podmonitors', 40],
  ['Probe', 'probes', 40],
  ['Rule', 'rules', 8],
];
const DASHBOARDS = 39;

/** A monitoring stack of 130 objects, with its dashboards, rules and an aggregated API whose server never comes up here. */
export function monitoringStack(): Files {
  const rules = { properties: { groups: { type: 'array', items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } } };
  return {
    'setup/namespace.yaml': yamlOf({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }),
    'setup/definitions.yaml': yamlOf(
      ...DEFINITIONS.map(([kind, plural, kilobytes]) => definition({ group: GROUP, kind, plural, kilobytes })).map((each) =>
        each.metadata.name.startsWith('rules.') ? withSpec(each, rules) : each,
      ),
    ),
    ...Object.fromEntries(COMPONENTS.map((name) => [`${name}.yaml`, yamlOf(...component(name))])),
    'dashboards.yaml': yamlOf(...Array.from({ length: DASHBOARDS }, (_, index) => dashboard(index))),
    'rules.yaml': yamlOf(...Array.from({ length: 10 }, (_, index) => rule(index))),
    'api.yaml': yamlOf({
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1beta1.custom.metrics.example.com' },
      spec: {
        group: 'custom.metrics.example.com',
        version: 'v1beta1',
        service: { name: 'adapter', namespace: NAMESPACE },
        groupPriorityMinimum: 100,
        versionPriority: 100,
        insecureSkipTLSVerify: true,
      },
    }),
    'grafana-config.yaml': yamlOf({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'grafana-config', namespace: NAMESPACE },
      type: 'Opaque',
      stringData: { 'grafana.ini': '[date_formats]\ndefault_timezone = UTC\n' },
    }),
  };
}

function withSpec(object: ReturnType<typeof definition>, spec: object) {
  const text = JSON.stringify(object);
  const parsed: { spec: { versions: { schema: { openAPIV3Schema: { properties: Record<string, object> } } }[] } } = JSON.parse(text);
  for (const { schema } of parsed.spec.versions) schema.openAPIV3Schema.properties.spec = { type: 'object', ...spec };
  return parsed;
}

/** Ten objects: identity, rights, the workload and what watches it. */
function component(name: string): readonly object[] {
  const labels = { 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': 'monitoring-stack', 'app.kubernetes.io/version': '0.80.1' };
  const selector = { 'app.kubernetes.io/name': name };
  const metadata = { name, namespace: NAMESPACE, labels };
  const template = {
    metadata: { labels, annotations: { 'kubectl.kubernetes.io/default-container': name } },
    spec: {
      serviceAccountName: name,
      automountServiceAccountToken: true,
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      containers: [
        {
          name,
          image: `registry.example/${name}:v0.80.1`,
          args: ['--log.level=info', `--web.listen-address=127.0.0.1:8081`],
          ports: [{ containerPort: 8081, name: 'https' }],
          resources: { limits: { cpu: '200m', memory: '400Mi' }, requests: { cpu: '102m', memory: '180Mi' } },
          securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
        { name: 'rbac-proxy', image: 'registry.example/rbac-proxy:v0.19.1', ports: [{ containerPort: 8443, name: 'metrics' }] },
      ],
    },
  };
  const subjects = [{ kind: 'ServiceAccount', name, namespace: NAMESPACE }];
  const daemon = name === 'node-exporter';
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false },
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRole',
      metadata: { name, labels },
      rules: [{ apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] }],
    },
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name, labels },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name },
      subjects,
    },
    { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata, rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }] },
    { apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', metadata, roleRef: { apiGroup: RBAC, kind: 'Role', name }, subjects },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { clusterIP: 'None', selector, ports: [{ name: 'metrics', port: 8443, targetPort: 'metrics' }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: daemon ? 'DaemonSet' : 'Deployment',
      metadata,
      spec: { selector: { matchLabels: selector }, ...(daemon ? {} : { replicas: 1 }), template },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata,
      spec: {
        podSelector: { matchLabels: selector },
        policyTypes: ['Egress', 'Ingress'],
        egress: [{}],
        ingress: [{ from: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'collector' } } }], ports: [{ port: 'metrics' }] }],
      },
    },
    { apiVersion: `${GROUP}/v1`, kind: 'ServiceMonitor', metadata, spec: { replicas: 1 } },
  ];
}

function dashboard(index: number): object {
  const panels = Array.from({ length: 40 }, (_, id) => ({
    id,
    type: 'timeseries',
    title: `Panel ${id}`,
    gridPos: { h: 7, w: 12, x: (id % 2) * 12, y: id * 7 },
    targets: [
      { expr: `sum(rate(requests_total{namespace="$namespace",code=~"5.."}[5m])) by (service) / ${id + 1}`, legendFormat: '{{service}}' },
    ],
  }));
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `dashboard-${index}`, namespace: NAMESPACE, labels: { grafana_dashboard: '1' } },
    data: { [`dashboard-${index}.json`]: JSON.stringify({ title: `Dashboard ${index}`, panels }, undefined, 4) },
  };
}

function rule(index: number): object {
  const rules = Array.from({ length: 12 }, (_, each) => ({
    alert: `Problem${each}`,
    expr: `max_over_time(up{job="job-${index}"}[5m]) == 0\nand\nrate(errors_total[10m]) > 0.${each}\n`,
    for: '15m',
    labels: { severity: each % 2 === 0 ? 'critical' : 'warning' },
    annotations: { summary: `{{ $labels.instance }} has had problem ${each} for {{ $value | humanizeDuration }}.` },
  }));
  return {
    apiVersion: `${GROUP}/v1`,
    kind: 'Rule',
    metadata: { name: `rules-${index}`, namespace: NAMESPACE, labels: { prometheus: 'k8s', role: 'alert-rules' } },
    spec: { groups: [{ name: `group-${index}`, interval: '30s', rules }] },
  };
}
