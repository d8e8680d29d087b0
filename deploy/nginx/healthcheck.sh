#!/bin/bash
# Whether nginx answers. The image has no other client than bash's own.
set -eu
exec 3<>/dev/tcp/127.0.0.1/8080
printf 'GET /proxyz HTTP/1.0\r\n\r\n' >&3
read -r -t 3 _ status _ <&3
[ "$status" = 200 ]
