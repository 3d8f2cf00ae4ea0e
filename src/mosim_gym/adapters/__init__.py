"""The package in other libraries, one file each."""
