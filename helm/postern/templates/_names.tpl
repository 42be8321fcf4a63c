{{/* Names leave room for "-metrics" and the like within the 63 characters of a DNS label. */}}
{{- define "postern.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "postern.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains (include "postern.name" .) .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "postern.name" .) | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "postern.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "postern.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "postern.claim" -}}
{{- default (printf "%s-data" (include "postern.fullname" .)) .Values.persistence.existingClaim -}}
{{- end -}}

{{- define "postern.certificateSecret" -}}
{{- default (printf "%s-tls" (include "postern.fullname" .)) .Values.certificate.secretName -}}
{{- end -}}

{{/* A Deployment's selector can never be changed: it holds nothing that a version or a value may change. */}}
{{- define "postern.selectorLabels" -}}
app.kubernetes.io/name: {{ include "postern.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "postern.labels" -}}
{{- $own := fromYaml (include "postern.selectorLabels" .) -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63) -}}
{{- $_ := set $own "app.kubernetes.io/version" .Chart.AppVersion -}}
{{- $_ := set $own "app.kubernetes.io/component" "gateway" -}}
{{- $_ := set $own "app.kubernetes.io/part-of" "postern" -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service -}}
{{- toYaml (merge $own .Values.commonLabels) -}}
{{- end -}}

{{- define "postern.metadata" -}}
name: {{ include "postern.fullname" . }}
namespace: {{ .Release.Namespace }}
labels:
  {{- include "postern.labels" . | nindent 2 }}
{{- end -}}

{{/* repository:tag, or repository@digest where one is given. Takes {image, tag}: the tag when the image names none. */}}
{{- define "postern.image" -}}
{{- if .image.digest -}}
{{- printf "%s@%s" .image.repository .image.digest -}}
{{- else -}}
{{- printf "%s:%s" .image.repository (default .tag .image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "postern.port" -}}
{{- ternary 8443 8080 (eq .Values.tls.endedBy "pod") -}}
{{- end -}}

{{- define "postern.portName" -}}
{{- ternary "https" "http" (eq .Values.tls.endedBy "pod") -}}
{{- end -}}

{{- define "postern.servicePort" -}}
{{- default (ternary 443 80 (eq .Values.tls.endedBy "pod")) .Values.service.port -}}
{{- end -}}

{{/* Of what is about metrics: Prometheus finds the one Service that has them. */}}
{{- define "postern.metricsLabels" -}}
{{- $labels := include "postern.labels" . | fromYaml -}}
{{- toYaml (set $labels "app.kubernetes.io/component" "metrics") -}}
{{- end -}}
