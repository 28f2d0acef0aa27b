"""Settings of the named addresses: section ``[names]``."""

from pathlib import Path
from typing import Self

from pydantic import model_validator

from hepscope_common.names.entry import NameEntry, NamesError, make_entry
from hepscope_common.settings import CommaList, Section


class NamesSettings(Section):
    """What peers are called, on the page and in the metrics."""

    file: Path | None = None
    """List of names (TOML: [[name]] with name, address, and perhaps port and node), read again
    when it changes. Standalone: names.toml in the data directory when left out."""

    target_ip: CommaList[str] = ()
    """Addresses or networks with a name in target_name, as heplify-server's PromTargetIP."""

    target_name: CommaList[str] = ()
    """The names of target_ip, in its order, as heplify-server's PromTargetName."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if len(self.target_ip) != len(self.target_name):
            raise ValueError("target_ip and target_name must have the same number of items")
        try:
            self.targets()
        except NamesError as error:
            raise ValueError(str(error)) from error
        return self

    def targets(self) -> list[NameEntry]:
        """Return the names that stand in the settings; raises NamesError."""
        pairs = zip(self.target_ip, self.target_name, strict=True)
        return [make_entry(name, address) for address, name in pairs]

    def kept_in(self, data_dir: Path) -> Self:
        """Return these settings with the file that standalone has when none is named."""
        if self.file is not None:
            return self
        return self.model_copy(update={"file": data_dir / "names.toml"})
