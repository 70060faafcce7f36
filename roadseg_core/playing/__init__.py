"""The player that puts sources on camera topics."""
