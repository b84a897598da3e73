"""The data storage manager: register, manager and inspector of datasets and files."""
