// Real proxies on the loopback, each with a configuration of its own as people write them: it ends TLS, appends the
// client's address with its port and sets `Forwarded`. With `city` it adds what a service that knows cities adds.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Child, temporaryFolder } from '../../interop/lib/process.mjs';
import { send } from '../../interop/lib/http.mjs';
import { until } from '../../interop/lib/wait.mjs';

const nginx = {
  command: (file, folder) => ['/usr/sbin/nginx', '-p', folder, '-e', 'stderr', '-c', file],
  file: 'nginx.conf',
  configuration: ({ port, behind, folder, tls, city }) => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  underscores_in_headers on;
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${tls.certificate};
    ssl_certificate_key ${tls.key};
    location / {
      proxy_pass http://127.0.0.1:${behind};
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For "$proxy_add_x_forwarded_for:$remote_port";
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header Forwarded 'for="$remote_addr:$remote_port";proto=$scheme';
      ${city ? 'proxy_set_header X-City "São Paulo"; proxy_set_header X_City_Code sao;' : ''}
    }
  }
}
`,
};

const haproxyCity = `
  http-request set-header X-City "S\\xc3\\xa3o Paulo"
  http-request set-header X-City-Latin "S\\xe3o Paulo"
  http-request set-header X_City_Code sao
`;

const haproxy = {
  command: (file) => ['/usr/sbin/haproxy', '-db', '-f', file],
  file: 'haproxy.cfg',
  configuration: ({ port, behind, tls, city }) => `
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend front
  bind 127.0.0.1:${port} ssl crt ${tls.both}
  http-request add-header X-Forwarded-For %[src]:%[src_port]
  http-request set-header Forwarded "for=\\"%[src]:%[src_port]\\";proto=https"
  http-request set-header X-Forwarded-Proto https
${city ? haproxyCity : ''}
  default_backend behind
backend behind
  server gateway 127.0.0.1:${behind}
`,
};

const caddy = {
  command: (file) => ['/usr/bin/caddy', 'run', '--adapter', 'caddyfile', '--config', file],
  file: 'Caddyfile',
  configuration: ({ port, behind, folder, tls, city }) => `
{
  admin off
  auto_https off
  storage file_system ${folder}
}
https://127.0.0.1:${port} {
  bind 127.0.0.1
  tls ${tls.certificate} ${tls.key}
  reverse_proxy 127.0.0.1:${behind} {
    header_up X-Forwarded-For "{http.request.header.X-Forwarded-For}, {http.request.remote}"
    header_up Forwarded \`for="{http.request.remote}";proto=https\`
${city ? '    header_up X-City "São Paulo"\n    header_up X_City_Code sao' : ''}
  }
}
`,
};

export const proxies = { nginx, HAProxy: haproxy, Caddy: caddy };

/**
 * Starts a proxy at `port` that passes requests on to `behind`. `tls` is its certificate, as `Authority.issue()` returns
 * it, and `agent` trusts that certificate.
 */
export async function startProxy({ command, file, configuration }, { port, behind, tls, agent, city = false }) {
  const folder = temporaryFolder('proxy');
  const place = path.join(folder, file);
  const both = path.join(folder, 'both.pem');
  writeFileSync(both, readFileSync(tls.certificate, 'utf8') + readFileSync(tls.key, 'utf8'));
  writeFileSync(place, configuration({ port, behind, folder, city, tls: { ...tls, both } }));
  const [program, ...words] = command(place, folder);
  // Caddy keeps what it remembers there.
  const env = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const child = new Child(program, words, { cwd: folder, env });
  await until(`${program} to listen`, async () => {
    if (!child.alive) throw Object.assign(new Error(child.output), { fatal: true });
    return (await send(`https://127.0.0.1:${port}/`, { agent, seconds: 5 })).status > 0;
  });
  return child;
}
