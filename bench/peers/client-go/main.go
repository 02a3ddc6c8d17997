// The usual recorder written in Go: shared informers of client-go for the kinds BENCH_KIND, whose handlers write each version as a line
// of JSON. Ends after BENCH_EVENTS versions or at SIGTERM, and tells its CPU time and peak memory on descriptor 3, as report-cpu.mjs
// does for Node. Says on stderr when it has listed everything.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

type line struct {
	Type   string `json:"type"`
	At     int64  `json:"at"`
	Object any    `json:"object"`
}

func main() {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("BENCH_KUBECONFIG"))
	check(err)
	left, err := strconv.Atoi(os.Getenv("BENCH_EVENTS"))
	check(err)
	file, err := os.Create(os.Getenv("BENCH_FILE"))
	check(err)
	out := bufio.NewWriterSize(file, 1<<20)
	encoder := json.NewEncoder(out)

	done := make(chan os.Signal, 1)
	signal.Notify(done, syscall.SIGTERM)
	// Each informer calls its handlers by itself.
	var alone sync.Mutex
	write := func(kind string, object any) {
		alone.Lock()
		defer alone.Unlock()
		check(encoder.Encode(line{kind, time.Now().UnixMilli(), object}))
		if left--; left == 0 {
			done <- syscall.SIGTERM
		}
	}
	factory := informers.NewSharedInformerFactoryWithOptions(kubernetes.NewForConfigOrDie(config), 0, informers.WithNamespace("bench"))
	known := map[string]func() cache.SharedIndexInformer{
		"deployments": factory.Apps().V1().Deployments().Informer,
		"replicasets": factory.Apps().V1().ReplicaSets().Informer,
		"pods":        factory.Core().V1().Pods().Informer,
		"events":      factory.Core().V1().Events().Informer,
	}
	for _, kind := range strings.Split(os.Getenv("BENCH_KIND"), ",") {
		_, err = known[kind]().AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(object any) { write("ADDED", object) },
			UpdateFunc: func(_, object any) { write("MODIFIED", object) },
			DeleteFunc: func(object any) { write("DELETED", object) },
		})
		check(err)
	}
	factory.Start(make(chan struct{}))
	factory.WaitForCacheSync(make(chan struct{}))
	fmt.Fprintln(os.Stderr, "listed")
	if left != 0 {
		<-done
	}
	alone.Lock()
	check(out.Flush())
	report()
}

func report() {
	var used syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	cpu := time.Duration(used.Utime.Nano() + used.Stime.Nano())
	fmt.Fprintf(os.NewFile(3, "report"), `{"cpuMs":%f,"peakMb":%f}`, cpu.Seconds()*1000, float64(used.Maxrss)/1024)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
