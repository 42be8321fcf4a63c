{{/* What values.schema.json cannot say, or is not asked about with --skip-schema-validation. */}}
{{- define "postern.checks" -}}
{{- if gt (int .Values.replicas) 1 -}}
{{- fail (printf "\n\nreplicas is %d, but Postern keeps its state in SQLite on a volume, which only one process may use: set replicas to 1" (int .Values.replicas)) -}}
{{- end -}}
{{- if eq .Values.tls.endedBy "proxy" -}}
{{- if not .Values.trustedProxies -}}
{{- fail "\n\ntrustedProxies is empty, but a proxy in front ends TLS: name the networks its pods are in, e.g. trustedProxies: [10.244.0.0/16], so that clients are told apart; or let the gateway end TLS with tls.endedBy: pod" -}}
{{- end -}}
{{- if .Values.tls.secretNames -}}
{{- fail "\n\ntls.secretNames are certificates of the gateway, but tls.endedBy is proxy: name them under ingress.tls, or set tls.endedBy to pod" -}}
{{- end -}}
{{- else if not (include "postern.tlsSecrets" . | fromYaml).names -}}
{{- fail "\n\ntls.endedBy is pod, but there is no certificate: name Secrets of type kubernetes.io/tls in tls.secretNames, or set certificate.enabled" -}}
{{- end -}}
{{- if and .Values.certificate.enabled (not .Values.certificate.issuerRef.name) -}}
{{- fail "\n\ncertificate.enabled asks cert-manager for a certificate: name its Issuer or ClusterIssuer in certificate.issuerRef.name" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- fail "\n\nhttpRoute.enabled hangs the gateway on a Gateway: name it in httpRoute.parentRefs, e.g. [{name: public, namespace: gateways}]" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (eq .Values.tls.endedBy "pod") -}}
{{- fail "\n\na Gateway that an HTTPRoute hangs on ends TLS itself and speaks plaintext to the pod: set tls.endedBy to proxy and trustedProxies to where its pods are, or leave httpRoute.enabled false" -}}
{{- end -}}
{{- if and .Values.sidecar.enabled (not .Values.sidecar.image.repository) -}}
{{- fail "\n\nsidecar.enabled runs an MCP server beside the gateway: name its image in sidecar.image.repository" -}}
{{- end -}}
{{- if and .Values.sidecar.enabled (not (or .Values.sidecar.image.tag .Values.sidecar.image.digest)) -}}
{{- fail "\n\nsidecar.image has neither tag nor digest: say which version of the MCP server is meant" -}}
{{- end -}}
{{- if and .Values.sidecar.enabled (has (int .Values.sidecar.port) (list 8080 8443 9464)) -}}
{{- fail (printf "\n\nsidecar.port %d is one of the gateway's own (8080, 8443, 9464): let the MCP server listen on another" (int .Values.sidecar.port)) -}}
{{- end -}}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.service.enabled) -}}
{{- fail "\n\nmetrics.serviceMonitor reads what metrics.service shows: set metrics.service.enabled to true" -}}
{{- end -}}
{{- if and .Values.persistence.enabled (ne (dig "fsGroupChangePolicy" "Always" .Values.podSecurityContext) "OnRootMismatch") -}}
{{- fail "\n\npodSecurityContext.fsGroupChangePolicy must be OnRootMismatch: otherwise the kubelet opens the database to the group at the next start, and the gateway refuses a database that others than its owner may read" -}}
{{- end -}}
{{- range .Values.config.resources -}}
{{- $upstream := .upstream | default "" | toString -}}
{{- $known := hasKey ($.Values.config.upstreams | default dict) $upstream -}}
{{- $beside := and $.Values.sidecar.enabled (eq $upstream $.Values.sidecar.upstream) -}}
{{- if not (or $known $beside (contains "${" $upstream) (empty $upstream)) -}}
{{- fail (printf "\n\nthe resource %s names the upstream %q, which neither config.upstreams nor sidecar.upstream has" .serve $upstream) -}}
{{- end -}}
{{- end -}}
{{- end -}}
