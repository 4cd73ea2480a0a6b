import os

from sei_client import AuthenticatedClient, Client
from sei_client.api.lists import services as list_services
from sei_client.api.reports import dora
from sei_client.models import Problem

url = os.environ.get("SEI_URL", "http://127.0.0.1:8080")
token = os.environ.get("SEI_TOKEN")
tenant = os.environ.get("SEI_TENANT", "main")
sei = AuthenticatedClient(base_url=url, token=token) if token else Client(base_url=url)

# A list comes page by page.
services, asked = [], {}
while True:
    page = list_services.sync(client=sei, tenant=tenant, limit=2, **asked)
    if page is None or isinstance(page, Problem):
        raise SystemExit(f"services: {page}")
    services += [service.name for service in page.data]
    if page.next_cursor is None:
        break
    asked = {"cursor": page.next_cursor}
print(f"services: {', '.join(services)}")

# The DORA report of one of them; a value that was not observed is None.
service = services[0]
report = dora.sync(client=sei, tenant=tenant, service=service, window="90d")
if report is None or isinstance(report, Problem):
    raise SystemExit(f"dora: {report}")
frequency = report.data.deployment_frequency
print(f"{service}: {frequency.value} deployments a day (n = {frequency.n})")

# What can't be answered is a problem with a type, a status and what to do.
unknown = dora.sync_detailed(client=sei, tenant=tenant, service="no-such-service")
problem = unknown.parsed
if not isinstance(problem, Problem) or problem.type_ != "urn:sei:problem:not-found":
    raise SystemExit(f"unexpected: {unknown}")
print(f"{unknown.status_code.value}: {problem.detail}")
