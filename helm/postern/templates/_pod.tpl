{{- define "postern.pod" -}}
serviceAccountName: {{ include "postern.serviceAccountName" . }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- if or .Values.sidecar.enabled .Values.extraInitContainers }}
initContainers:
  {{- with .Values.extraInitContainers }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- if .Values.sidecar.enabled }}
  - {{- include "postern.sidecar" . | nindent 4 }}
  {{- end }}
{{- end }}
containers:
  - {{- include "postern.container" . | nindent 4 }}
volumes:
  {{- include "postern.volumes" . | nindent 2 }}
{{- range $key := list "imagePullSecrets" "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints" "priorityClassName" "runtimeClassName" "hostAliases" }}
{{- with get $.Values $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "postern.container" -}}
name: postern
image: {{ include "postern.image" (dict "image" .Values.image "tag" .Chart.AppVersion) | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args: [serve, -c, /etc/postern/postern.yaml]
{{- include "postern.environment" . }}
ports:
  - name: {{ include "postern.portName" . }}
    containerPort: {{ include "postern.port" . }}
  - name: operations
    containerPort: 9464
startupProbe:
  httpGet: {path: /readyz, port: operations}
  {{- toYaml .Values.probes.startup | nindent 2 }}
livenessProbe:
  httpGet: {path: /livez, port: operations}
  {{- toYaml .Values.probes.liveness | nindent 2 }}
readinessProbe:
  httpGet: {path: /readyz, port: operations}
  {{- toYaml .Values.probes.readiness | nindent 2 }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
volumeMounts:
  - {name: config, mountPath: /etc/postern, readOnly: true}
  - {name: data, mountPath: /var/lib/postern}
  - {name: tmp, mountPath: /tmp}
  {{- range $index, $secret := (include "postern.tlsSecrets" . | fromYaml).names }}
  - {name: tls-{{ $index }}, mountPath: /etc/postern-tls/{{ $secret }}, readOnly: true}
  {{- end }}
  {{- with include "postern.secretMounts" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "postern.volumes" -}}
- {{- include "postern.configVolume" (dict "root" . "name" (include "postern.fullname" .)) | nindent 2 }}
- name: data
  {{- if .Values.persistence.enabled }}
  persistentVolumeClaim:
    claimName: {{ include "postern.claim" . }}
  {{- else }}
  emptyDir: {}
  {{- end }}
- name: tmp
  emptyDir:
    sizeLimit: 256Mi
{{- range $index, $secret := (include "postern.tlsSecrets" . | fromYaml).names }}
- name: tls-{{ $index }}
  secret:
    secretName: {{ $secret }}
    defaultMode: {{ include "postern.readable" . }}
{{- end }}
{{- include "postern.secretVolumes" . }}
{{- if .Values.sidecar.enabled }}
- name: sidecar-tmp
  emptyDir: {}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Started before the gateway and ended after it, so that calls under way are still answered: an init container that stays. */}}
{{- define "postern.sidecar" -}}
{{- with .Values.sidecar -}}
name: mcp-server
image: {{ include "postern.image" (dict "image" .image "tag" "") | quote }}
imagePullPolicy: {{ .image.pullPolicy }}
restartPolicy: Always
{{- range $key := list "command" "args" "env" "envFrom" "resources" "startupProbe" "livenessProbe" "readinessProbe" }}
{{- with get $.Values.sidecar $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
securityContext:
  {{- toYaml (merge (deepCopy .securityContext) $.Values.securityContext) | nindent 2 }}
volumeMounts:
  - {name: sidecar-tmp, mountPath: /tmp}
  {{- with .volumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}
{{- end -}}

{{/* Modes of secret files: owner and group read, 0440; in decimal, for YAML 1.1 and 1.2 differ about octal numbers. */}}
{{- define "postern.readable" -}}288{{- end -}}

{{/* What `config` may name, for the gateway and for the check of a configuration before it gets one. */}}
{{- define "postern.environment" -}}
{{- if or .Values.secretEnv .Values.extraEnv }}
env:
  {{- range $name, $from := .Values.secretEnv }}
  - name: {{ $name }}
    valueFrom:
      secretKeyRef:
        name: {{ $from.secret }}
        key: {{ $from.key }}
  {{- end }}
  {{- with .Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- with .Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "postern.configVolume" -}}
name: config
configMap:
  name: {{ .name }}
  items:
    - {key: postern.yaml, path: postern.yaml}
    {{- range $name, $policy := .root.Values.policies }}
    - {key: policy.{{ $name }}.yaml, path: policies/{{ $name }}.yaml}
    {{- end }}
{{- end -}}

{{- define "postern.secretVolumes" -}}
{{- range $name, $from := .Values.secretFiles }}
- name: secret-{{ $name }}
  secret:
    secretName: {{ $from.secret }}
    defaultMode: {{ include "postern.readable" . }}
{{- end }}
{{- end -}}

{{- define "postern.secretMounts" -}}
{{- range $name, $from := .Values.secretFiles }}
- {name: secret-{{ $name }}, mountPath: /etc/postern-secrets/{{ $name }}, readOnly: true}
{{- end }}
{{- end -}}
