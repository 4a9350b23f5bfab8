import type { Files } from './files.ts';

const PARTS = ['gateway', 'accounts', 'billing', 'notifications', 'ledger'];

/** A Helm umbrella chart: a library of templates, five sub-charts that differ by values, a CRD, and a hook that is no part of the state. */
export function umbrellaChart(): Files {
  return {
    'plumbline.yaml': 'helm: { releaseName: bank, namespace: bank }\n',
    'Chart.yaml': `
apiVersion: v2
name: bank
version: 4.2.0
appVersion: '7'
dependencies:
${PARTS.map((part) => `  - { name: ${part}, version: 1.0.0, condition: ${part}.enabled }`).join('\n')}
`,
    'values.yaml': `
global: { registry: registry.example, environment: prod }
${PARTS.map((part, index) => `${part}: { enabled: ${index !== 4}, replicas: ${index + 1}, port: ${8000 + index} }`).join('\n')}
`,
    'crds/tariffs.yaml': `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: tariffs.bank.example.com }
spec:
  group: bank.example.com
  scope: Namespaced
  names: { plural: tariffs, singular: tariff, kind: Tariff, listKind: TariffList }
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: { cents: { type: integer, format: int64 } } } } } }
`,
    'templates/namespace.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {{ .Release.Namespace }}\n',
    'templates/tariff.yaml': `
{{- range $name, $cents := dict "basic" 100 "gold" 1500 }}
---
apiVersion: bank.example.com/v1
kind: Tariff
metadata: { name: {{ $name }}, namespace: {{ $.Release.Namespace }}, labels: { app.kubernetes.io/managed-by: {{ $.Release.Service }} } }
spec: { cents: {{ $cents }} }
{{- end }}
`,
    'templates/test.yaml': `
apiVersion: v1
kind: Pod
metadata: { name: smoke, namespace: {{ .Release.Namespace }}, annotations: { helm.sh/hook: test } }
spec: { restartPolicy: Never, containers: [{ name: smoke, image: 'registry.example/smoke:1' }] }
`,
    ...Object.fromEntries(PARTS.flatMap((part) => Object.entries(subChart(part)))),
  };
}

function subChart(part: string): Files {
  const at = (file: string) => `charts/${part}/${file}`;
  return {
    [at('Chart.yaml')]: `apiVersion: v2\nname: ${part}\nversion: 1.0.0\nappVersion: '1.0'\n`,
    [at('values.yaml')]: 'replicas: 1\nport: 8080\nresources:\n  requests: { cpu: 50m, memory: 64Mi }\nenv: { LOG: info, EMPTY: "" }\n',
    [at('templates/_helpers.tpl')]: `
{{- define "${part}.labels" -}}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{ include "${part}.selector" . }}
{{- end }}
{{- define "${part}.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
`,
    [at('templates/all.yaml')]: `
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ .Chart.Name }}
  namespace: {{ .Release.Namespace }}
  labels: {{- include "${part}.labels" . | nindent 4 }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Chart.Name }}
  namespace: {{ .Release.Namespace }}
  labels: {{- include "${part}.labels" . | nindent 4 }}
data: {{- toYaml .Values.env | nindent 2 }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .Chart.Name }}
  namespace: {{ .Release.Namespace }}
  labels: {{- include "${part}.labels" . | nindent 4 }}
spec:
  type: ClusterIP
  selector: {{- include "${part}.selector" . | nindent 4 }}
  ports: [{ port: 80, targetPort: {{ .Values.port }}, protocol: TCP, name: http }]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Chart.Name }}
  namespace: {{ .Release.Namespace }}
  labels: {{- include "${part}.labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels: {{- include "${part}.selector" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "${part}.labels" . | nindent 8 }}
      annotations:
        checksum/env: {{ toYaml .Values.env | sha256sum }}
    spec:
      serviceAccountName: {{ .Chart.Name }}
      securityContext: {}
      imagePullSecrets: []
      containers:
        - name: {{ .Chart.Name }}
          image: "{{ .Values.global.registry }}/{{ .Chart.Name }}:{{ .Chart.AppVersion }}"
          env:
            - { name: ENVIRONMENT, value: {{ .Values.global.environment }} }
          envFrom: [{ configMapRef: { name: {{ .Chart.Name }} } }]
          ports: [{ name: http, containerPort: {{ .Values.port }} }]
          livenessProbe: { httpGet: { path: /, port: http } }
          resources: {{- toYaml .Values.resources | nindent 12 }}
      nodeSelector: null
      tolerations: []
`,
  };
}
