"""Standalone reads names.toml of its data directory, and reads it again when it changes."""

import time

from support.builders import BASE_US
from support.service import data_directory, running_hepscope, until
from unit.metrics_exporter.call_flow import BOB, invite


def test_names_of_the_data_directory_are_targets() -> None:
    """Nothing has to be set or restarted; a broken file leaves the names as they were."""
    with data_directory() as data_dir, running_hepscope(data_dir) as service:
        start_s = time.time() - BASE_US / 1e6
        file = data_dir / "names.toml"

        def write(text: str) -> None:
            """Replace the file as a whole: never is there half of it to be read."""
            half = data_dir / "names.half"
            half.write_text(text)
            half.rename(file)

        def wait_for(value: float, metric: str, **labels: str) -> None:
            """Return once a metric has a value."""
            until(lambda: service.metrics().value(metric, **labels) == value, f"{metric} {labels}")

        def call(call_id: str) -> None:
            """Let somebody call the named address, who is busy."""
            service.send_udp(packet for _, packet in invite(call_id, 486, start_s=start_s).packets)

        def invites(name: str, count: int) -> None:
            """Wait for so many INVITEs to a name."""
            wait_for(count, "hepscope_target_sip_requests_total", target=name, method="INVITE")

        write(f'[[name]]\nname = "first"\naddress = "{BOB}"\n')
        wait_for(1, "hepscope_names")
        call("00000001")
        invites("first", 1)
        write("[[name]\n")
        wait_for(1, "hepscope_names_errors_total")
        call("00000002")
        invites("first", 2)
        network = f"{BOB}/24"
        write(
            f'[[name]]\nname = "other"\naddress = "{BOB}"\n'
            f'[[name]]\nname = "lan"\naddress = "{network}"\n'
        )
        wait_for(2, "hepscope_names")
        call("00000003")
        invites("other", 1)
        invites("first", 2)
        # The caller is in the network; the client library's parser adds the ending.
        labels = {"target_name": "lan", "direction": "src", "response": "INVITE"}
        wait_for(1, "heplify_method_response_total", **labels)
