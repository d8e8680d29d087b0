#!/bin/sh
# Makes the role that owns LeadLedger's tables, and its database. Runs as an administrator of the server: by itself
# when the server of compose.yaml starts for the first time, or by hand with PGHOST, PGUSER and PGPASSWORD set.
# The role is no superuser. It makes the application's role (CREATEROLE) and, for `restore`, a database (CREATEDB).
set -eu
: "${LEADLEDGER_DATABASE_PASSWORD:?Set it to the password the role shall have.}"
export LEADLEDGER_DATABASE="${LEADLEDGER_DATABASE:-leadledger}"
export LEADLEDGER_DATABASE_USER="${LEADLEDGER_DATABASE_USER:-leadledger}"
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv owner LEADLEDGER_DATABASE_USER
\getenv password LEADLEDGER_DATABASE_PASSWORD
\getenv database LEADLEDGER_DATABASE
CREATE ROLE :"owner" LOGIN CREATEROLE CREATEDB NOSUPERUSER NOBYPASSRLS PASSWORD :'password';
CREATE DATABASE :"database" OWNER :"owner" TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
SQL
