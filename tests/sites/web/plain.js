window.plainScripts = (window.plainScripts || 0) + 1;
