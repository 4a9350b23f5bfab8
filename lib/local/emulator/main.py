"""Starts MiniStack with one change: a request over loopback counts as sent over TLS.

Policies that deny aws:SecureTransport=false (the CDK's own buckets have one) would refuse every request to an emulator that
speaks plain HTTP, and with AUTH=true they are enforced.
"""

import ministack.app as app

pin_request_origin = app.pin_request_origin
app.pin_request_origin = lambda source_ip, secure_transport: pin_request_origin(source_ip, True)
app.main()
