"""Takes TLS connections to AWS's hosts to the local endpoint in plain text, and runs AWS's runtime client for Python."""
import os
import re
import runpy
import socket
import ssl
import sys

_, place, handler = sys.argv
host, _, port = place.rpartition(":")
AWS_HOST = re.compile(r"\.(amazonaws\.com(\.cn)?|on\.aws)$", re.IGNORECASE)
look_up = socket.getaddrinfo
wrap_socket = ssl.SSLContext.wrap_socket


def local_getaddrinfo(name, *args, **kwargs):
    text = name.decode() if isinstance(name, bytes) else name
    if not AWS_HOST.search(text or ""):
        return look_up(name, *args, **kwargs)
    return look_up(host, int(port), *args[1:], **{k: v for k, v in kwargs.items() if k != "port"})


class PlainSocket(socket.socket):
    """A plain socket with the certificate that clients ask of one with TLS."""

    def getpeercert(self, binary_form=False):
        return b"" if binary_form else {"subjectAltName": (("DNS", self.server_hostname),)}


def local_wrap_socket(context, sock, *args, **kwargs):
    server_name = kwargs.get("server_hostname") or ""
    if AWS_HOST.search(server_name):
        timeout = sock.gettimeout()
        plain = PlainSocket(sock.family, sock.type, sock.proto, fileno=sock.detach())
        plain.settimeout(timeout)
        plain.server_hostname = server_name
        return plain
    return wrap_socket(context, sock, *args, **kwargs)


socket.getaddrinfo = local_getaddrinfo
ssl.SSLContext.wrap_socket = local_wrap_socket
sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
sys.argv = ["awslambdaric", handler]
runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
