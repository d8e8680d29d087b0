#!/bin/sh
# Before the first start with compose: settings with fresh secrets, and a certificate that nobody has signed.
#   deploy/compose/prepare.sh leads.example.com [PORT]
# What is there already is kept. PORT is where HTTPS is published, 443 unless HTTPS_PORT says otherwise to compose.
set -eu
umask 077
host=${1-}
port=${2:-443}
case $host in
    "" | -* | *[!A-Za-z0-9.-]*)
        echo "Give the host name people use: $0 leads.example.com [PORT]" >&2
        exit 2
        ;;
esac
case $port in
    *[!0-9]*)
        echo "PORT is a number: $0 $host 8443" >&2
        exit 2
        ;;
esac
command -v openssl >/dev/null 2>&1 || {
    echo "openssl is missing (on Debian: apt-get install openssl)." >&2
    exit 1
}
cd "$(dirname "$0")"

if [ -e application.env ] || [ -e postgresql.env ]; then
    echo "application.env and postgresql.env stay as they are."
else
    address=https://$host
    [ "$port" = 443 ] || address=$address:$port
    password=$(openssl rand -hex 24)
    sed -e "s|^SITE_URL=.*|SITE_URL=$address|" \
        -e "s|^ALLOWED_HOSTS=.*|ALLOWED_HOSTS=$host|" \
        -e "s|^SECRET_KEY=.*|SECRET_KEY=$(openssl rand -hex 48)|" \
        -e "s|^DATABASE_URL=.*|DATABASE_URL=postgres://leadledger:$password@postgresql:5432/leadledger|" \
        -e "s|^DEFAULT_FROM_EMAIL=.*|DEFAULT_FROM_EMAIL=LeadLedger <no-reply@$host>|" \
        application.env.example >application.env
    sed -e "s|^POSTGRES_PASSWORD=.*|POSTGRES_PASSWORD=$(openssl rand -hex 24)|" \
        -e "s|^LEADLEDGER_DATABASE_PASSWORD=.*|LEADLEDGER_DATABASE_PASSWORD=$password|" \
        postgresql.env.example >postgresql.env
    echo "Made application.env and postgresql.env for $address."
fi

mkdir -p certificates acme
chmod 755 acme
if [ -e certificates/certificate.pem ] || [ -e certificates/key.pem ]; then
    echo "The certificate stays as it is."
else
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 365 -subj "/CN=$host" \
        -addext "subjectAltName=DNS:$host" -keyout certificates/key.pem -out certificates/certificate.pem 2>/dev/null
    echo "Made a certificate for $host that browsers warn of: put a signed one in its place (docs/deployment.md)."
fi
