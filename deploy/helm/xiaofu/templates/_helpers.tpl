{{/* Labels of a pod of one service and role; the context has root, service, role, and share where there are several. */}}
{{- define "xiaofu.selector" -}}
app.kubernetes.io/part-of: xiaofu
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/name: {{ .service }}
app.kubernetes.io/component: {{ .role }}
{{- with .share }}
xiaofu/partitions: {{ . }}
{{- end }}
{{- end }}

{{/* The shares of a role, separated by spaces: of a service's several consumers each has its partitions, `-` is the whole. */}}
{{- define "xiaofu.shares" -}}
{{- $parts := int (.of.consumers | default 1) -}}
{{- if or (ne .role "consumer") (eq $parts 1) -}}
-
{{- else -}}
{{- $size := div 16 $parts -}}
{{- range $i := until $parts -}}
{{- $first := mul $i $size -}}
{{- if $i }} {{ end }}{{ printf "p%02d-p%02d" $first (sub (add $first $size) 1) }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* What is named after service and role, and after the share where there are several. */}}
{{- define "xiaofu.name" -}}
{{ .root.Release.Name }}-{{ .service }}-{{ .role }}{{ with .share }}-{{ . }}{{ end }}
{{- end }}

{{- define "xiaofu.labels" -}}
{{ include "xiaofu.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- define "xiaofu.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* The numbers of a role: those of the service before those of all. */}}
{{- define "xiaofu.role" -}}
{{- $own := dig "roles" .role dict .of -}}
{{- merge (deepCopy $own) (deepCopy (index .root.Values.roles .role)) | toYaml -}}
{{- end }}

{{/* What a process reads from its environment (shared/settings.py); secrets by reference. */}}
{{- define "xiaofu.environment" -}}
{{- $secret := .of.secret | default (printf "xiaofu-%s" .service) -}}
{{- $pool := dig .role "poolSize" .root.Values.settings.poolSize .root.Values.roles -}}
{{- $pool = dig "roles" .role "poolSize" $pool .of -}}
{{- with .root.Values -}}
- {name: DATABASE_URL, valueFrom: {secretKeyRef: {name: {{ $secret }}, key: DATABASE_URL}}}
- {name: NATS_URL, valueFrom: {secretKeyRef: {name: {{ $secret }}, key: NATS_URL}}}
- {name: JWKS, value: {{ .jwks.url | default "/etc/xiaofu/jwks.json" | quote }}}
- {name: TOKEN_ISSUER, value: {{ .settings.tokenIssuer | quote }}}
- {name: TOKEN_AUDIENCE, value: {{ .settings.tokenAudience | quote }}}
- {name: COMPANY_NAME, value: {{ .settings.companyName | quote }}}
- {name: PUBLIC_URL, value: {{ .settings.publicUrl | quote }}}
- {name: STREAM_REPLICAS, value: {{ .settings.streamReplicas | quote }}}
- {name: POOL_SIZE, value: {{ $pool | quote }}}
- {name: DRAIN_SECONDS, value: {{ .settings.drainSeconds | quote }}}
- {name: LOG_LEVEL, value: {{ .settings.logLevel | quote }}}
{{- if .policy.configMap }}
- {name: POLICY_FILE, value: /etc/xiaofu-policy/policy.toml}
{{- end }}
{{- if .telemetry.endpoint }}
- {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ .telemetry.endpoint | quote }}}
{{- end }}
{{- end }}
{{- if eq .service "orders" }}
- {name: PAYMENT_WEBHOOK_SECRETS, valueFrom: {secretKeyRef: {name: {{ $secret }}, key: PAYMENT_WEBHOOK_SECRETS, optional: true}}}
{{- end }}
{{- end }}

{{/* Nobody is root, nothing is written but /tmp. */}}
{{- define "xiaofu.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "xiaofu.confined" -}}
securityContext:
  readOnlyRootFilesystem: true
  allowPrivilegeEscalation: false
  capabilities: {drop: [ALL]}
{{- end }}
