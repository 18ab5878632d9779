# SPDX-License-Identifier: Apache-2.0
"""Servers that are not what the agent looks for: silent, of another protocol, with a certificate of their own."""

import socket
import ssl
import threading

from . import pem


class Impostor:
    """Listens on loopback and does `serve(connection)` with everybody who comes, each in a thread. Without
    one, connections are taken by the system and nothing is ever said. A context manager."""

    def __init__(self, serve=None):
        self.serve = serve
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]

    def __enter__(self):
        if self.serve:
            threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        # A thread in accept() is woken by the first and not by the second.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.meet, args=[connection], daemon=True).start()

    def meet(self, connection):
        with connection:
            try:
                self.serve(connection)
            except OSError:  # they went, which is what the test is about
                pass


def refused_address():
    """An address where a moment ago nobody listened."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        return "127.0.0.1:%d" % s.getsockname()[1]


def plain_http(connection):
    """A web server that was not told to speak TLS."""
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def tls_with(certificate, key, alpn=("h2",)):
    """Shakes hands, listens, and says nothing more."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(list(alpn))

    def serve(connection):
        with context.wrap_socket(connection, server_side=True) as tls:
            while tls.recv(4096):
                pass
    return serve


def make_certificates(directory, days):
    """A CA, and a certificate of it for an auth server that is valid for so many days; (CA, certificate, key)."""
    ca, ca_key = directory / "own-ca.pem", directory / "own-ca.key"
    cert, key = directory / "own.pem", directory / "own.key"
    request, names = directory / "own.csr", directory / "own.names"
    names.write_text("subjectAltName=DNS:teleport.cluster.local\n")
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    pem.output_of(["openssl", "req", "-x509", *new_key, "-keyout", ca_key, "-out", ca, "-subj", "/O=example",
                   "-days", "10"])
    pem.output_of(["openssl", "req", *new_key, "-keyout", key, "-out", request, "-subj", "/CN=auth"])
    pem.output_of(["openssl", "x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial",
                   "-out", cert, "-days", days, "-extfile", names])
    return ca, cert, key
