"""Starts MiniStack with two changes.

A request over loopback counts as sent over TLS. Policies that deny aws:SecureTransport=false (the CDK's own buckets have one) would
refuse every request to an emulator that speaks plain HTTP, and with AUTH=true they are enforced.

The address of a layer is one of the emulator. MiniStack names the registry's own host, which is on the internet and has no such layer.
"""

import os
import re

import ministack.app as app
import ministack.services.ecr as ecr

pin_request_origin = app.pin_request_origin
app.pin_request_origin = lambda source_ip, secure_transport: pin_request_origin(source_ip, True)

answer_download_url = ecr._get_download_url_for_layer


def download_url_here(data):
    status, headers, body = answer_download_url(data)
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    return status, headers, re.sub(r'https://([^/"]+)(/v2/[^"]+)', rf"{endpoint}\2?ns=\1", body.decode()).encode()


ecr._get_download_url_for_layer = download_url_here

app.main()
