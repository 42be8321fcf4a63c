{{/* Secrets with the certificates of the gateway itself, as a list under `names`. */}}
{{- define "postern.tlsSecrets" -}}
{{- $names := list -}}
{{- if eq .Values.tls.endedBy "pod" -}}
{{- $names = .Values.tls.secretNames -}}
{{- if .Values.certificate.enabled -}}
{{- $names = append $names (include "postern.certificateSecret" .) | uniq -}}
{{- end -}}
{{- end -}}
{{- toYaml (dict "names" $names) -}}
{{- end -}}

{{/* The host of a URL of the configuration, {tenant} as the * of certificates and ingresses. */}}
{{- define "postern.host" -}}
{{- $url := toString . -}}
{{- $host := regexReplaceAll "^https?://([^/:?#]+|\\[[^\\]]*\\]).*$" $url "${1}" | lower -}}
{{- $host = regexReplaceAll "^\\{tenant\\}\\." $host "*." -}}
{{- if not (regexMatch "^(\\*\\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$" $host) -}}
{{- fail (printf "\n\nwhich host %q is at cannot be told from it: name the hosts in ingress.hosts, and in certificate.dnsNames where cert-manager signs" $url) -}}
{{- end -}}
{{- $host -}}
{{- end -}}

{{/* Every host that clients and browsers use, as a list under `hosts`. */}}
{{- define "postern.hosts" -}}
{{- $hosts := list -}}
{{- range .Values.config.resources -}}
{{- $hosts = append $hosts (include "postern.host" .serve) -}}
{{- end -}}
{{- range .Values.config.authorization_servers -}}
{{- if .issuer -}}
{{- $hosts = append $hosts (include "postern.host" .issuer) -}}
{{- end -}}
{{- end -}}
{{- toYaml (dict "hosts" ($hosts | uniq | sortAlpha)) -}}
{{- end -}}

{{/* Threads for a quantity of CPU: 2500m and 2.5 are 3, and never fewer than 2. A node's cores say nothing of a pod's share. */}}
{{- define "postern.threads" -}}
{{- $cpu := toString . -}}
{{- if hasSuffix "m" $cpu -}}
{{- max 2 (ceil (divf (trimSuffix "m" $cpu) 1000)) | int -}}
{{- else -}}
{{- max 2 (ceil (float64 $cpu)) | int -}}
{{- end -}}
{{- end -}}

{{/* The sidecar as the upstream that `config` names, with what `config` says of it beside its address. */}}
{{- define "postern.sidecarUpstream" -}}
{{- $name := .Values.sidecar.upstream -}}
{{- $said := dict -}}
{{- if .Values.config.upstreams -}}
{{- $said = get .Values.config.upstreams $name | default dict -}}
{{- end -}}
{{- if or (hasKey $said "urls") (hasKey $said "command") -}}
{{- fail (printf "\n\nconfig.upstreams.%s is the sidecar, whose address the chart writes: remove its urls and command, or give sidecar.upstream another name" $name) -}}
{{- end -}}
{{- $url := printf "http://127.0.0.1:%d%s" (int .Values.sidecar.port) .Values.sidecar.path -}}
{{- toYaml (merge (dict "urls" (list $url)) $said) -}}
{{- end -}}

{{/* postern.yaml: what the user wrote, and what follows from the pod. */}}
{{- define "postern.config" -}}
{{- include "postern.checks" . -}}
{{- $config := deepCopy .Values.config -}}
{{- $address := ternary (printf "[%s]" .Values.bindAddress) .Values.bindAddress (contains ":" .Values.bindAddress) -}}
{{- $gateway := dict "address" (printf "%s:%s" $address (include "postern.port" .)) -}}
{{- if eq .Values.tls.endedBy "pod" -}}
{{- $certificates := list -}}
{{- range (include "postern.tlsSecrets" . | fromYaml).names -}}
{{- $certificates = append $certificates (dict "certificate" (printf "/etc/postern-tls/%s/tls.crt" .) "key" (printf "/etc/postern-tls/%s/tls.key" .)) -}}
{{- end -}}
{{- $_ := set $gateway "tls" (dict "certificates" $certificates) -}}
{{- else -}}
{{- $_ := set $gateway "behind_proxy" true -}}
{{- end -}}
{{- $operations := dict "address" (printf "%s:9464" $address) "serve" "operations" -}}
{{- $_ := set $config "listen" (list $gateway $operations) -}}
{{- $_ := set $config "store" "sqlite:/var/lib/postern/postern.db" -}}
{{- if .Values.trustedProxies -}}
{{- $_ := set $config "trusted_proxies" .Values.trustedProxies -}}
{{- end -}}
{{- if .Values.policies -}}
{{- $files := list -}}
{{- range $name := keys .Values.policies | sortAlpha -}}
{{- $files = append $files (printf "policies/%s.yaml" $name) -}}
{{- end -}}
{{- $_ := set $config "policies" $files -}}
{{- end -}}
{{- $cpu := dig "limits" "cpu" (dig "requests" "cpu" "" .Values.resources) .Values.resources -}}
{{- if and $cpu (not (hasKey $config "workers")) -}}
{{- $_ := set $config "workers" (include "postern.threads" $cpu | int) -}}
{{- end -}}
{{- if .Values.sidecar.enabled -}}
{{- $upstreams := merge (dict .Values.sidecar.upstream (include "postern.sidecarUpstream" . | fromYaml)) (default dict $config.upstreams) -}}
{{- $_ := set $config "upstreams" $upstreams -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{/* The files of /etc/postern as keys of a ConfigMap. Takes {root, config}. */}}
{{- define "postern.files" -}}
postern.yaml: |
  {{- .config | nindent 2 }}
{{- range $name, $policy := .root.Values.policies }}
policy.{{ $name }}.yaml: |
  {{- if kindIs "string" $policy }}
  {{- $policy | trim | nindent 2 }}
  {{- else }}
  {{- toYaml $policy | nindent 2 }}
  {{- end }}
{{- end }}
{{- end -}}
