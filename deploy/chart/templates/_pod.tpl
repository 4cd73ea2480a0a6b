{{/* What all pods have in common: `dict "root" $ "role" … "command" … "resources" …`, where `role` says whose secrets it has;
with commands that run `before`; with `prefix`, the name of the ConfigMap and the ServiceAccount, and `secret`, that of the
Secret, if they are others than those of the release. */}}
{{- define "sei.pod" -}}
{{- $values := .root.Values }}
{{- $name := .prefix | default (include "sei.name" .root) }}
serviceAccountName: {{ $name }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with $values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  {{- range $key := list "runAsUser" "runAsGroup" "fsGroup" }}
  {{- with get $values.podSecurity $key }}
  {{ $key }}: {{ int64 . }}
  {{- end }}
  {{- end }}
  seccompProfile:
    type: RuntimeDefault
{{- with .before }}
initContainers:
  {{- range . }}
  - {{ include "sei.container" (merge (dict "name" (last .) "command" .) $) | trim | nindent 4 | trim }}
  {{- end }}
{{- end }}
containers:
  - {{ include "sei.container" (merge (dict "name" (last .command)) .) | trim | nindent 4 | trim }}
volumes:
  - name: settings
    configMap:
      name: {{ $name }}
  - name: secrets
    secret:
      secretName: {{ .secret | default $values.secrets.name }}
      defaultMode: 0440
      items:
        {{- range (include "sei.secretsOfRole" . | fromJsonArray) }}
        - key: {{ . }}
          path: {{ . }}
        {{- end }}
  - name: tmp
    emptyDir:
      sizeLimit: 64Mi
  - name: data
    emptyDir:
      sizeLimit: {{ ternary $values.roles.collector.mirrors "16Mi" (eq .role "collector") }}
  {{- with $values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "sei.probe" -}}
httpGet:
  path: {{ .path }}
  port: http
  {{- if .tls }}
  scheme: HTTPS
  {{- end }}
{{- end }}

{{- define "sei.probes" -}}
{{- $tls := (fromYaml (include "sei.settings" .root)).server.tls }}
ports:
  - name: http
    containerPort: 8080
startupProbe:
  {{- include "sei.probe" (dict "path" "/livez" "tls" $tls) | nindent 2 }}
  periodSeconds: 2
  failureThreshold: 30
livenessProbe:
  {{- include "sei.probe" (dict "path" "/livez" "tls" $tls) | nindent 2 }}
  periodSeconds: 10
  timeoutSeconds: 3
readinessProbe:
  {{- include "sei.probe" (dict "path" "/readyz" "tls" $tls) | nindent 2 }}
  periodSeconds: 5
  timeoutSeconds: 3
{{- if has .role (list "webhooks" "api") }}
# the Service forgets this pod before the server stops to listen
lifecycle:
  preStop:
    sleep:
      seconds: 5
{{- end }}
{{- end }}

{{/* A container: `name` and `command` beside what the pod has. */}}
{{- define "sei.container" -}}
name: {{ .name }}
image: {{ include "sei.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
command: [{{ prepend .command "sei" | join ", " }}]
{{- if eq (first .command) "role" }}
{{ include "sei.probes" . | trim }}
{{- end }}
resources:
  {{- toYaml .resources | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
volumeMounts:
  - name: settings
    mountPath: /etc/sei
    readOnly: true
  - name: secrets
    mountPath: /run/secrets/sei
    readOnly: true
  - name: tmp
    mountPath: /tmp
  # what commands that are run in the pod write, and mirrors of git repositories
  - name: data
    mountPath: /var/lib/sei
  {{- with .root.Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
