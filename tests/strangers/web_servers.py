"""nginx and Apache from Debian in a host of the lab, with a configuration of their own."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping

from tests.lab import Host
from tests.lab.waiting import until

PHP = "include /etc/nginx/fastcgi.conf; fastcgi_index index.php;"
FASTCGI = """fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
fastcgi_param SCRIPT_NAME $fastcgi_script_name;
fastcgi_param REQUEST_URI $request_uri;
fastcgi_param REQUEST_METHOD $request_method;
fastcgi_param QUERY_STRING $query_string;
fastcgi_param SERVER_PROTOCOL $server_protocol;
fastcgi_param SERVER_NAME $server_name;
fastcgi_param DOCUMENT_ROOT $document_root;
"""
NGINX = """user www-data;
pid /run/nginx.pid;
error_log /var/log/nginx.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path /run/nginx-body;
    proxy_temp_path /run/nginx-proxy;
    fastcgi_temp_path /run/nginx-fastcgi;
    uwsgi_temp_path /run/nginx-uwsgi;
    scgi_temp_path /run/nginx-scgi;
    {http}
}}
"""
MODULES = ("mpm_event", "authz_core", "dir", "proxy", "proxy_fcgi")


def port(host: Host) -> int:
    """Beside the lab's own sshd port, so that two labs do not meet."""
    return host.port + 1000


def http(host: Host, uri: str = "/index.php") -> str:
    """The body that the web server answers with, whatever its status; "" if nobody listens."""
    try:
        with urllib.request.urlopen(f"http://{host.address}:{port(host)}{uri}", timeout=10) as answer:
            return bytes(answer.read()).decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()
    except OSError:
        return ""


def server(host: Host, root: str = "/srv/app/public", passes: str = "unix:/run/php/php8.2-fpm.sock") -> str:
    """A server block of nginx."""
    location = f"location ~ \\.php$ {{ {PHP} fastcgi_pass {passes}; }}"
    return f"server {{ listen {host.address}:{port(host)}; root {root}; index index.php; {location} }}\n"


def start_nginx(host: Host, http_block: str, files: Mapping[str, str]) -> None:
    """Start nginx with this inside of its http block, and these files below /etc/nginx."""
    own_directory(host, "/etc/nginx")
    for name, text in {"nginx.conf": NGINX.format(http=http_block), "fastcgi.conf": FASTCGI, **files}.items():
        write(host, f"/etc/nginx/{name}", text)
    run_as_unit(host, "nginx", "/usr/sbin/nginx -g 'daemon off;'")


def start_apache(host: Host) -> None:
    """Start Apache with a virtual host in an included directory that passes PHP on to the pool."""
    own_directory(host, "/etc/apache2")
    loads = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in MODULES)
    main = f"ServerName {host.name}\nListen {host.address}:{port(host)}\nPidFile /run/apache2.pid\nErrorLog /var/log/apache.log\n"
    handler = '<FilesMatch "\\.php$">\nSetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"\n</FilesMatch>\n'
    site = f"<VirtualHost *:{port(host)}>\nDocumentRoot /srv/app/public\nDirectoryIndex index.php\n{handler}</VirtualHost>\n"
    users = "User www-data\nGroup www-data\n"
    write(host, "/etc/apache2/apache2.conf", loads + users + main + "IncludeOptional sites-enabled/*.conf\n")
    write(host, "/etc/apache2/sites-enabled/shop.conf", site)
    run_as_unit(host, "apache2", "/usr/sbin/apache2 -d /etc/apache2 -f apache2.conf -DFOREGROUND")


def own_directory(host: Host, path: str) -> None:
    """An empty directory of this host's own in the place of the machine's: nothing below PATH of the machine is written."""
    host.run(["sh", "-ec", f"mkdir -p {path}; mountpoint -q {path} || mount -t tmpfs tmpfs {path}; mountpoint -q {path}; rm -rf {path}/*"])


def write(host: Host, path: str, text: str) -> None:
    host.run(["sh", "-ec", f"mkdir -p $(dirname {path}); cat >{path}"], input=text)


def run_as_unit(host: Host, name: str, command: str) -> None:
    """Run it as a service of the host, and wait until it answers."""
    unit = f"[Unit]\nDefaultDependencies=no\n[Service]\nExecStart={command}\n"
    write(host, f"/run/systemd/system/{name}.service", unit)
    host.systemctl("daemon-reload")
    host.systemctl("restart", name)
    until(lambda: bool(http(host)), f"{name} on {host.name}")


def end(host: Host, name: str, path: str) -> None:
    """Stop it and take its configuration away."""
    remove = f"systemctl stop {name}; rm -f /run/systemd/system/{name}.service; mountpoint -q {path} && umount -l {path}"
    host.run(["sh", "-c", remove], check=False)
